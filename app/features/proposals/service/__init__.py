"""What can be done with proposals; every verb that changes one locks the order first, then the proposal."""

from app.features.proposals.service.deciding import accept_proposal, decline_proposal, lapse_proposals
from app.features.proposals.service.desk import (
    compare_proposals,
    mark_seen,
    note_proposal,
    shortlist_proposal,
    unlist_proposal,
)
from app.features.proposals.service.offering import (
    accept_offer,
    counter_offer,
    decline_offer,
    lapse_offer,
    make_offer,
    offers_over,
    remind_of_offers,
    withdraw_offer,
)
from app.features.proposals.service.reading import (
    actions,
    count_waiting,
    get_offer,
    get_proposal,
    list_offers,
    list_order_proposals,
    list_own_proposals,
    own_proposals_for,
    people_concerned,
    present,
    present_offer,
    waiting_offer,
)
from app.features.proposals.service.sending import edit_proposal, send_proposal, withdraw_proposal

__all__ = [
    "accept_offer",
    "accept_proposal",
    "actions",
    "compare_proposals",
    "count_waiting",
    "counter_offer",
    "decline_offer",
    "decline_proposal",
    "edit_proposal",
    "get_offer",
    "get_proposal",
    "lapse_offer",
    "lapse_proposals",
    "list_offers",
    "list_order_proposals",
    "list_own_proposals",
    "make_offer",
    "mark_seen",
    "note_proposal",
    "offers_over",
    "own_proposals_for",
    "people_concerned",
    "present",
    "present_offer",
    "remind_of_offers",
    "send_proposal",
    "shortlist_proposal",
    "unlist_proposal",
    "waiting_offer",
    "withdraw_offer",
    "withdraw_proposal",
]
