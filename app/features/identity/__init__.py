"""Accounts: who somebody is, how they prove it, and the sessions that follow from it."""
