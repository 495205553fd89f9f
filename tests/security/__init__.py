"""What the product promises about safety, item by item."""
