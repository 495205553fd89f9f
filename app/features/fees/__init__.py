"""Fees: what the instance takes from a release or adds to a payment, and since when."""
