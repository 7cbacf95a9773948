"""Signing in: what django-allauth asks of us, and what it has not (known devices, fair limits)."""
