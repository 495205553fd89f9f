"""Portraits and portfolio pictures of the demonstration data, drawn for this project: no licence applies to them."""
