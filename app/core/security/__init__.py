"""Security primitives: keys, passwords, tokens, CSRF, cookies, client addresses, rate limits."""
