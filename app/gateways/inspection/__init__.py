"""Looking into files of strangers: `parent` asks, `child` looks in a process of its own.

Nothing is imported here, because the process that looks starts once for every file.
"""
