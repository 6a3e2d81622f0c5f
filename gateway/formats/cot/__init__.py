"""Cursor on Target 2.0."""
