"""Loads `cryptography` in the processes that encrypt or sign; `app/__init__.py` keeps it out of all others."""

import importlib
import sys
from types import ModuleType


def load_cryptography(module: str) -> ModuleType:
    """Return a module of the library by its full name.

    Loading it the first time takes a tenth of a second: in an event loop, do it in a thread.
    """
    if sys.modules.get("cryptography", sys) is None:
        del sys.modules["cryptography"]
    return importlib.import_module(module)
