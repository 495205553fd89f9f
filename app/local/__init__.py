"""Bundled PostgreSQL and Valkey, and the supervisor of `make up`; imports nothing else of the application."""
