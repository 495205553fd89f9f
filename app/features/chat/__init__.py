"""What the two sides of a proposal write to each other before one is chosen, and after."""
