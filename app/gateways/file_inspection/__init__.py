"""Inspection of uploaded files: `parent` runs `child` in a process of its own.

Nothing is imported here because the inspecting process starts once per file.
"""
