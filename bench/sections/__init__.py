"""One module for each group of figures; each has `measure(run) -> list[Section]`."""
