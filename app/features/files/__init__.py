"""Uploaded files: receiving, checking, storing and serving them."""
