"""Authentication: sign-in, sessions and their tokens, devices, security history."""
