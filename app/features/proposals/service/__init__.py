"""What can be done with proposals; every verb that changes one locks the order first, then the proposal."""

from app.features.proposals.service.deciding import accept_proposal, decline_proposal, lapse_proposals
from app.features.proposals.service.desk import (
    compare_proposals,
    mark_seen,
    note_proposal,
    shortlist_proposal,
    unlist_proposal,
)
from app.features.proposals.service.reading import (
    actions,
    count_waiting,
    get_proposal,
    list_order_proposals,
    list_own_proposals,
    own_proposals_for,
    people_concerned,
    present,
)
from app.features.proposals.service.sending import edit_proposal, send_proposal, withdraw_proposal

__all__ = [
    "accept_proposal",
    "actions",
    "compare_proposals",
    "count_waiting",
    "decline_proposal",
    "edit_proposal",
    "get_proposal",
    "lapse_proposals",
    "list_order_proposals",
    "list_own_proposals",
    "mark_seen",
    "note_proposal",
    "own_proposals_for",
    "people_concerned",
    "present",
    "send_proposal",
    "shortlist_proposal",
    "unlist_proposal",
    "withdraw_proposal",
]
