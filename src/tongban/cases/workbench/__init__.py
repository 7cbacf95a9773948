"""The workbench: one list of all that a person serves; claims, notes, texts for reasons, batches."""
