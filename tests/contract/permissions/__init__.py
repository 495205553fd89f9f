"""The permission table, one file per feature: `ROWS` of JSON routes, `PAGES`, and `MAKERS` of objects in addresses.

Files in this folder are found automatically.
"""
