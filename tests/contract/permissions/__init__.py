"""The permission table, one file of rows per room: `ROWS`, and `MAKERS` where an address needs more than an order.

A file that is put here is found by itself; nothing else has to be changed.
"""
