"""A payment provider for demonstrations: a process of its own with its own books; no real money moves.

`server.py` is the API, `payment_page.py` the page on which a payer pays, `control.py` what a tester sets (faults,
clock, secrets), `provider.py` the rules, `books.py` the database, `faults.py` the fault plan, `webhooks.py` the
messages to the site. It uses nothing of the marketplace: its books are a second opinion about the marketplace's.
"""
