"""The proposals room."""
