"""Counting, keeping and publishing."""
