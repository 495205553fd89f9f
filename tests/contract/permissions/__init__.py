"""The permission table, one file per room: `ROWS` of JSON routes, `PAGES`, and `MAKERS` of what addresses name.

A file that is put here is found by itself; nothing else has to be changed.
"""
