"""Rows that a session keeps so that a request reads them once."""

from sqlalchemy import inspect

from app.core.database import Base


def is_current(row: Base) -> bool:
    """Tell whether a kept row is still loaded: rolling back a savepoint expires the rows that changed in it."""
    return not inspect(row).expired
