"""Use cases of contracts. Every change locks the deal first, then its milestone, then accounts of the ledger."""

from app.features.contracts.service.accepting import (
    accept_direct,
    accept_offer,
    accept_proposal,
    list_agreed_amounts,
    without_details,
)
from app.features.contracts.service.beginning import FeeEstimate, estimate_fees
from app.features.contracts.service.card_payments import pay_milestone
from app.features.contracts.service.change_orders import answer_change, propose_change, withdraw_change
from app.features.contracts.service.closing import what_is_open
from app.features.contracts.service.corrections import lock_corrected, record_correction
from app.features.contracts.service.ending import end_contract, pause_contract, resume_contract
from app.features.contracts.service.milestones import (
    accept_milestone,
    fund_milestone,
    funding_failed,
    funding_paid,
    pay_bonus,
    return_money,
    start_funding,
    start_milestone,
)
from app.features.contracts.service.overview import read_money
from app.features.contracts.service.queries import (
    EVENT_TEXTS,
    find_contract,
    find_milestone,
    get_contract,
    list_contracts,
    read_change_order,
    read_deal,
    read_milestone,
)
from app.features.contracts.service.refunds import answer_refund, ask_refund, withdraw_refund
from app.features.contracts.service.repeating import TermsToRepeat, terms_to_repeat
from app.features.contracts.service.signing import send_sign_code, sign_paper
from app.features.contracts.service.submissions import request_changes, require_submittable, submit_work
from app.features.contracts.service.sweeping import FIRST_BATCH, SWEPT_TOGETHER, due_together, fire_together, next_size
from app.features.contracts.service.timers import due_timers, fire_timer, record_notice, record_seen
from app.features.contracts.service.titles import milestone_titles

__all__ = [
    "EVENT_TEXTS",
    "FIRST_BATCH",
    "SWEPT_TOGETHER",
    "FeeEstimate",
    "TermsToRepeat",
    "accept_direct",
    "accept_milestone",
    "accept_offer",
    "accept_proposal",
    "answer_change",
    "answer_refund",
    "ask_refund",
    "due_timers",
    "due_together",
    "end_contract",
    "estimate_fees",
    "find_contract",
    "find_milestone",
    "fire_timer",
    "fire_together",
    "fund_milestone",
    "funding_failed",
    "funding_paid",
    "get_contract",
    "list_agreed_amounts",
    "list_contracts",
    "lock_corrected",
    "milestone_titles",
    "next_size",
    "pause_contract",
    "pay_bonus",
    "pay_milestone",
    "propose_change",
    "read_change_order",
    "read_deal",
    "read_milestone",
    "read_money",
    "record_correction",
    "record_notice",
    "record_seen",
    "request_changes",
    "require_submittable",
    "resume_contract",
    "return_money",
    "send_sign_code",
    "sign_paper",
    "start_funding",
    "start_milestone",
    "submit_work",
    "terms_to_repeat",
    "what_is_open",
    "withdraw_change",
    "withdraw_refund",
    "without_details",
]
