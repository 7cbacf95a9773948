"""Tongban 通办: one government's services in one place."""

__version__ = "0.1.0"
