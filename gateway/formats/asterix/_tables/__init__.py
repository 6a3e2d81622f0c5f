"""Generated: one module per category, written by `generate.py` and never by hand."""
