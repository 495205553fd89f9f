"""How the product starts, survives and ends on one machine."""
