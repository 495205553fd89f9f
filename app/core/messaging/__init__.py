"""Celery: the application object, the worker runtime, triggering of periodic tasks."""
