"""Runs all processes of one machine: `make up` without Docker.

`plan.py` says what runs; `daemon.py` is supervisord, which restarts what dies; `foreground.py` stays in the
terminal, shows the logs and ends everything; `child.py` lets no process outlive its supervisor.
"""
