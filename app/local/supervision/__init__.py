"""Runs all processes of one machine: `make up` without Docker.

`plan.py` lists the processes; `daemon.py` is supervisord, which restarts what dies; `foreground.py` stays in the
terminal, shows the logs and stops everything; `log_lines.py` selects the log lines for the terminal; `child.py` ends
each process when its supervisor is gone.
"""
