"""Fault injection: real processes killed under load, and nothing acknowledged lost."""
