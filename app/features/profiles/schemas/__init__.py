"""Shapes that cross the wire for profiles."""

from app.features.profiles.schemas.facts import CountedFacts, CustomerFactsList, CustomerFactsQuery, CustomerFactsRead
from app.features.profiles.schemas.own import (
    AVAILABILITY_WORDS,
    LANGUAGE_WORDS,
    LEVEL_WORDS,
    LanguageItem,
    LinkItem,
    OwnProfileRead,
    PersonCard,
    PersonList,
    PortfolioFields,
    PortfolioList,
    PortfolioMove,
    PortfolioRead,
    ProfilePatch,
    ProfileRead,
    SkillItem,
    SkillRead,
)

__all__ = [
    "AVAILABILITY_WORDS",
    "LANGUAGE_WORDS",
    "LEVEL_WORDS",
    "CountedFacts",
    "CustomerFactsList",
    "CustomerFactsQuery",
    "CustomerFactsRead",
    "LanguageItem",
    "LinkItem",
    "OwnProfileRead",
    "PersonCard",
    "PersonList",
    "PortfolioFields",
    "PortfolioList",
    "PortfolioMove",
    "PortfolioRead",
    "ProfilePatch",
    "ProfileRead",
    "SkillItem",
    "SkillRead",
]
