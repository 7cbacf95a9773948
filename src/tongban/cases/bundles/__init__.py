"""一件事: several items handed in together, each with its own legal clock."""
