"""Frameworks: what they are (`model`), and how they are read from TOML (`parsing`, `sections`)."""
