"""Profiles, portfolios, favourites, hidden customers and customer statistics."""
