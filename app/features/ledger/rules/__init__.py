"""Rules of the ledger: the templates that make entries, and what each template may do."""
