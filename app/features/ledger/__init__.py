"""The ledger: accounts, transfers between them, balances."""
