"""Who is acting: signing in, sessions and their tokens, devices, and the security history."""
