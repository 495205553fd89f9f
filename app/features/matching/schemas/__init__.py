"""Shapes that cross the wire for saved searches and their letters."""

from app.features.matching.schemas.recommendations import RecommendedFreelancers, RecommendedOrder, RecommendedOrders
from app.features.matching.schemas.saved_searches import (
    FREQUENCY_WORDS,
    MAX_NAME,
    AlertSettingsPatch,
    AlertSettingsRead,
    FoundOrder,
    LetterRead,
    SavedSearchCreate,
    SavedSearchList,
    SavedSearchPatch,
    SavedSearchRead,
)

__all__ = [
    "FREQUENCY_WORDS",
    "MAX_NAME",
    "AlertSettingsPatch",
    "AlertSettingsRead",
    "FoundOrder",
    "LetterRead",
    "RecommendedFreelancers",
    "RecommendedOrder",
    "RecommendedOrders",
    "SavedSearchCreate",
    "SavedSearchList",
    "SavedSearchPatch",
    "SavedSearchRead",
]
