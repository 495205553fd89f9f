"""`python -m app`: the commands of the house."""

from app.cli import main

main()
