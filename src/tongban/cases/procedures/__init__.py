"""Procedures 办理流程: how an item is handled, as data; pure, without Django. See docs/procedures.md."""
