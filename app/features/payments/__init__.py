"""Payments: money in, withdrawals, refunds to a card, and what a payment provider says about them."""
