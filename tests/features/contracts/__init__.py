"""Agreeing, and what is written down of it."""
