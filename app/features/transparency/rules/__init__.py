"""Pure functions: leaves from rows, the check of the whole log, and export formats."""
