"""Celery: the application object, the worker runtime, and the trigger for periodic tasks."""
