"""Direct deals."""
