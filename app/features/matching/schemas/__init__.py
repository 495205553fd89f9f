"""Request and response models of matching."""

from app.features.matching.schemas.recommendations import RecommendedFreelancers, RecommendedOrder, RecommendedOrders
from app.features.matching.schemas.saved_searches import (
    FREQUENCY_LABELS,
    MAX_NAME,
    AlertEmailRead,
    AlertSettingsPatch,
    AlertSettingsRead,
    FoundOrder,
    SavedSearchCreate,
    SavedSearchList,
    SavedSearchPatch,
    SavedSearchRead,
)

__all__ = [
    "FREQUENCY_LABELS",
    "MAX_NAME",
    "AlertEmailRead",
    "AlertSettingsPatch",
    "AlertSettingsRead",
    "FoundOrder",
    "RecommendedFreelancers",
    "RecommendedOrder",
    "RecommendedOrders",
    "SavedSearchCreate",
    "SavedSearchList",
    "SavedSearchPatch",
    "SavedSearchRead",
]
