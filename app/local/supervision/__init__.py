"""Runs all processes of one machine: `make up` without Docker.

`plan.py` says what runs; `daemon.py` is supervisord, which restarts what dies; `foreground.py` stays in the
terminal, shows what the logs say and ends everything; `log_lines.py` chooses what of them a terminal shows;
`child.py` lets no process outlive its supervisor.
"""
