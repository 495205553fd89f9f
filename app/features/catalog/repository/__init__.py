"""Every query about the catalogue and about the words of search."""

from app.features.catalog.repository.catalogue import CatalogRepository
from app.features.catalog.repository.search_terms import TermRepository

__all__ = ["CatalogRepository", "TermRepository"]
