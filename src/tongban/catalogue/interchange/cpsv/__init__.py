"""CPSV-AP 3.2.0, the vocabulary of public services in the European Union, as Turtle and JSON-LD."""

from tongban.catalogue.interchange.cpsv.reading import read
from tongban.catalogue.interchange.cpsv.writing import write_jsonld, write_turtle

__all__ = ["read", "write_jsonld", "write_turtle"]
