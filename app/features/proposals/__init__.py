"""Proposals: what freelancers offer for an order, and the customer choice among them."""
