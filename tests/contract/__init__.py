"""Promises to programs and browsers, tested over HTTP against real processes."""
