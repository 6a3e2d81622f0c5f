"""To be opened by its room."""
