"""Looking around: which items stand where, and the lists of them."""
