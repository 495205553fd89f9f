"""Use cases of the catalogue and of the search dictionary."""

from app.features.catalog.rules import Catalogue, CategoryEntry, SkillEntry, has_words
from app.features.catalog.service.catalogue import (
    change_synonyms,
    load_catalogue,
    merge_skills,
    read_catalogue,
    rename_skill,
)
from app.features.catalog.service.search_suggestions import (
    did_you_mean,
    forget_terms,
    learn_first_terms,
    learn_terms,
    parse_queries,
    renew_search,
)

__all__ = [
    "Catalogue",
    "CategoryEntry",
    "SkillEntry",
    "change_synonyms",
    "did_you_mean",
    "forget_terms",
    "has_words",
    "learn_first_terms",
    "learn_terms",
    "load_catalogue",
    "merge_skills",
    "parse_queries",
    "read_catalogue",
    "rename_skill",
    "renew_search",
]
