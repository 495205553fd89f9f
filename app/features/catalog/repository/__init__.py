"""Queries for the catalogue and the search dictionary."""

from app.features.catalog.repository.catalogue import CatalogRepository
from app.features.catalog.repository.search_index import SearchIndexRepository
from app.features.catalog.repository.search_terms import TermRepository

__all__ = ["CatalogRepository", "SearchIndexRepository", "TermRepository"]
