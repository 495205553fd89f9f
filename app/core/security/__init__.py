"""Primitives of safety that know no business: keys, passwords, tokens, CSRF, cookies, addresses, limits."""
