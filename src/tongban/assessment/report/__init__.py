"""The report of an assessment: one self-contained page per language, pictures, tables, JSON."""
