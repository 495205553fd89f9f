"""Security requirements, item by item."""
