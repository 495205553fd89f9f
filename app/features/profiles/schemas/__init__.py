"""Shapes that cross the wire for profiles."""

from app.features.profiles.schemas.facts import CountedFacts, CustomerFactsList, CustomerFactsQuery, CustomerFactsRead

__all__ = ["CountedFacts", "CustomerFactsList", "CustomerFactsQuery", "CustomerFactsRead"]
