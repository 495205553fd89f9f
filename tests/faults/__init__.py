"""What the whole product survives: real processes killed under load, and nothing acknowledged lost."""
