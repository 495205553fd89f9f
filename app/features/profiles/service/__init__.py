"""Use cases of profiles."""

from app.features.profiles.repository import COUNT_LIMIT
from app.features.profiles.service.catalogue import find_people, recommend_people, search_people
from app.features.profiles.service.customer_stats import (
    claim_stale_customers,
    get_customer_stats,
    mark_customers,
    store_customer_stats,
)
from app.features.profiles.service.favourites import (
    add_favourite,
    favourite_ids,
    hidden_customers,
    hide_customer,
    list_favourites,
    list_hidden,
    read_card,
    remove_favourite,
    unhide_customer,
)
from app.features.profiles.service.own_profile import (
    cards_with_stats,
    edit_profile,
    find_person,
    get_own_profile,
    get_person,
    get_profile,
    person_cards,
    shown_items,
    skills_of,
    time_zone_of,
)
from app.features.profiles.service.photos import crop_photo, get_photo, photo_subject, put_photo, remove_photo
from app.features.profiles.service.portfolio import (
    add_item,
    edit_item,
    get_item,
    list_portfolio,
    move_item,
    remove_item,
    require_item,
    shift_item,
)
from app.features.profiles.service.skill_merge import replace_skill
from app.features.profiles.service.takedown import restore_profile, restore_work, take_down_profile, take_down_work

__all__ = [
    "COUNT_LIMIT",
    "add_favourite",
    "add_item",
    "cards_with_stats",
    "claim_stale_customers",
    "crop_photo",
    "edit_item",
    "edit_profile",
    "favourite_ids",
    "find_people",
    "find_person",
    "get_customer_stats",
    "get_item",
    "get_own_profile",
    "get_person",
    "get_photo",
    "get_profile",
    "hidden_customers",
    "hide_customer",
    "list_favourites",
    "list_hidden",
    "list_portfolio",
    "mark_customers",
    "move_item",
    "person_cards",
    "photo_subject",
    "put_photo",
    "read_card",
    "recommend_people",
    "remove_favourite",
    "remove_item",
    "remove_photo",
    "replace_skill",
    "require_item",
    "restore_profile",
    "restore_work",
    "search_people",
    "shift_item",
    "shown_items",
    "skills_of",
    "store_customer_stats",
    "take_down_profile",
    "take_down_work",
    "time_zone_of",
    "unhide_customer",
]
