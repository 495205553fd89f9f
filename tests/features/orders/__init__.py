"""The orders room."""
