"""Reads of tallies, facts and runs; none of them adds up cases or items."""
