"""一件事: several items that a person needs together, as one guide and one form."""
