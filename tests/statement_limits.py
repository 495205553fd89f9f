"""How many database statements a request may send, and which routes may send more, each with its reason."""

LIMITS = {"page read": 8, "JSON read": 4, "page write": 10, "JSON write": 10}
SIGN_IN = frozenset(
    {
        "POST /api/v1/auth/confirm-email",
        "POST /api/v1/auth/confirm-phone",
        "POST /api/v1/auth/deactivate",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/logout",
        "POST /api/v1/auth/password",
        "POST /api/v1/auth/password/reset",
        "POST /api/v1/auth/password/reset/confirm",
        "POST /api/v1/auth/reauthenticate",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/register",
        "POST /reset",
        "POST /reset/confirm",
        "POST /settings/security/close",
        "POST /settings/security/email",
        "POST /settings/security/password",
        "POST /settings/security/phone",
        "POST /sign-in",
        "POST /sign-out",
        "POST /sign-up",
    }
)
"""Routes that start, refresh, confirm or end sessions: short transactions around a slow hash. They have no limit.
"""
SEARCH = (
    "search words: two statements parse them and look up prefixes, one sets the plan mode, up to three find the page "
    "among the newest, among more and by the text index, each only if the one before found too few (docs/search.md); "
    "the count and the facets, with an estimate that chooses their plan, are bounded differently and cannot share a "
    "scan; signed in, the session and the hidden customers come first, because each shape of conditions is compiled "
    "once and a hidden list that is empty must not change it; the best match reads the skills of the reader; a page "
    "that found nothing looks for a correction in two"
)
RANKED = (
    "the session, the order, who has answered it, the stems of its title, the plan mode, the candidates, their levels, "
    "the cards of the best twenty, and their photos: candidates are found by the stems, cards by the ranking, which is "
    "computed here, and levels are read for at most 500 candidates, not joined to each"
)
FILES = (
    "attaching files locks them, reads what is attached, deletes and inserts: four statements besides the lock of the "
    "order, its files before the change, UPDATE, revision, outbox, and the files with their links for the response"
)
SENDING = (
    "with files. The lock per freelancer, the account and the lock of the order come before the limits, which must be "
    "read under both locks; then the order's count, the admission, the proposal, the outbox, and four statements that "
    "attach files (lock, read, delete, insert), and the files for the response; one with no files sends ten"
)
_STORED = (
    "a file sent with the form is stored in two transactions with seven statements, because bytes are written between "
    "them and no transaction waits for the store; the session is checked before a long body and after it, and what the "
    "form is for is looked up before its files are stored"
)
UPLOAD = f"{_STORED}; then the order is written and its files attached, or the form is read again if it is refused"
SENDING_PAGE = f"{_STORED}; then as in the API, with the order read for its currency, in which the price is parsed"
MESSAGE_PAGE = f"{_STORED}; then the proposal, its conversation and the message are locked and written"
ITEM = "then the profile is locked and the item written with its files"
ANSWERED = (
    "the key of the message, its proposal, order and conversation are read and locked in their order, the account of "
    "the reader must be active, and with files four statements attach them"
)
CORRECTING = (
    "the session, the key of the request, the correction and its contract under their locks, the legal details of the "
    "people who must differ, the accounts and the entry of the ledger, what was posted, the audit entry, the timeline, "
    "the outbox, and the answer with its names"
)
PARTS = (
    "a withdrawal of several parts writes each with its operation and its entry in the ledger, at most twenty; above a "
    "limit what was withdrawn in a day is added up under a lock"
)
DECIDING = (
    "the withdrawal and its parts under their locks, the legal details of the people who must differ, for a refusal an "
    "entry of the ledger for each part, the audit entry, the outbox, and the answer with its names"
)
PAID_OUT = "the accounts of the withdrawal are looked up, and again after those that are missing were opened"
ACCOUNTS_OPENED = "accounts that are missing are opened and looked up again; the legal details of two people are read"
OVERVIEW = (
    "the session; balances, timers, the sealer, the last check of the ledger, the last comparison, old operations and "
    "open cases are of seven subjects and share no table"
)
FOUND = "the session; transactions, operations, people and contracts are found in their own tables, each by its index"
TRANSACTION = (
    "the session, the header, its transfers, its place in the log, and the names of the people of its accounts"
)
PEOPLE = (
    "best match with a word that nobody has: two statements parse the words, one sets the plan mode, one counts, one "
    "reads the stems, one the candidates, one the cards of the best, and two look for a correction"
)
DEAL = (
    "a contract is its milestones, submissions, releases, refund requests, an open change, timers and timeline: each "
    "table is read once, whatever their number, the files of submissions and the papers with one statement more each; "
    "a client who can pay reads the wallet too, and one who is paying the payments under way"
)
MONEY = (
    "the session, the request key, the deal and the milestone under their locks, the timers that end and begin, the "
    "milestone, two statements of accounts and two of the entry in the ledger, the timeline, the outbox, and the "
    "answer; last the papers: earlier ones and legal details are read, each takes its number, and all are inserted"
)
DEAL_FORM = f"the form is read with the contract, its checklist and currency: {DEAL}; then {MONEY}"
PROVED = (
    "what is the person's, the latest night, the person's leaves, and for each currency the nodes of the proofs; a "
    "bundle reads the entries, papers, checkpoints and proofs of the log too"
)
ENDING = "each milestone that is not paid in is cancelled, with its timers, and the last one closes the contract"
INVITING = "an account with daily limits for invitations and for e-mails, and the deal it responds with"
TERMS_WITH_FEES = "the fees of both sides depend on earlier contracts and on the policies in force"
BEGINNING = (
    "the order, the proposal and the offer as before; then the volumes and policies of fees, the legal kinds, the "
    "contract, its deal, milestones and timer; last the contract and its task as papers: names, numbers, two inserts"
)
REFUNDING = (
    "the key of the request is claimed and kept, the payment is locked, the refund and its operation are inserted, and "
    "the ledger finds, opens and posts its accounts"
)
CANCELED = (
    "three transactions around two calls: what is not sent yet ends here, everything else is asked of the provider, "
    "read from it and recorded; no transaction waits for the network"
)
CLOSED = (
    "the case is locked, then the payment or withdrawal and its operation; two postings with their accounts, what of "
    "the payment is sent back, and the audit entry"
)
PAYING = (
    "the session, the request key, the deal and the milestone under their locks, the timers that end, the milestone, "
    "the open payment, the payment and its operation, the timeline, the outbox, and the answer"
)
STATEMENT = (
    "a statement that is sent while it is read: each page of its lines is a transaction of its own, so that a slow "
    "reader keeps none open; the number of its lines is limited"
)
EXCEPTIONS: dict[str, tuple[int, str]] = {
    "POST /api/v1/payments/{payment_id:uuid}/cancel": (13, CANCELED),
    "POST /api/v1/payments/{payment_id:uuid}/refunds": (11, REFUNDING),
    "POST /api/v1/reconciliation-cases/{case_id:uuid}/close": (18, CLOSED),
    "POST /stuck-money/{case_id}/close": (18, CLOSED),
    "POST /api/v1/payouts": (40, PARTS),
    "POST /wallet/withdraw": (40, PARTS),
    "POST /api/v1/withdrawals/{withdrawal_id:uuid}/cancel": (30, DECIDING),
    "POST /wallet/withdrawals/{payout_id}/cancel": (30, DECIDING),
    "POST /api/v1/finance/withdrawals/{withdrawal_id:uuid}/approve": (20, DECIDING),
    "POST /finance/withdrawals/{withdrawal_id}/approve": (20, DECIDING),
    "POST /api/v1/finance/withdrawals/{withdrawal_id:uuid}/refuse": (30, DECIDING),
    "POST /finance/withdrawals/{withdrawal_id}/refuse": (30, DECIDING),
    "POST /api/v1/finance/corrections": (20, CORRECTING),
    "POST /api/v1/finance/corrections/{correction_id:uuid}/approve": (20, CORRECTING),
    "POST /finance/corrections/new": (20, CORRECTING),
    "POST /finance/corrections/{correction_id}/approve": (20, CORRECTING),
    "GET /api/v1/finance/overview": (8, OVERVIEW),
    "GET /api/v1/finance/search": (6, FOUND),
    "GET /api/v1/finance/transactions/{txn_id:uuid}": (5, TRANSACTION),
    "POST /wallet/payments/{payment_id}/refund": (11, REFUNDING),
    "GET /freelancers": (11, f"{PEOPLE}; a page for a signed-in person reads the session and the favourites too"),
    "GET /api/v1/wallet/statement/{format}": (9, STATEMENT),
    "GET /api/v1/transparency/solvency/own": (5, PROVED),
    "GET /transparency/bundle.zip": (12, PROVED),
    "GET /api/v1/contracts/{contract_id:uuid}": (13, DEAL),
    "GET /contracts/{contract_id}": (14, DEAL),
    "GET /contracts/{contract_id}/change": (14, DEAL),
    "GET /contracts/{contract_id}/milestones/{milestone_id}/forms/{form}": (14, DEAL),
    "GET /contracts/{contract_id}/milestones/{milestone_id}/submit": (14, DEAL),
    "POST /api/v1/change-orders/{change_order_id:uuid}/answer": (30, MONEY),
    "POST /contracts/{contract_id}/change": (26, DEAL_FORM),
    "POST /contracts/{contract_id}/changes/{change_order_id}/{answer}": (30, MONEY),
    "POST /contracts/{contract_id}/milestones/{milestone_id}/forms/{form}": (38, DEAL_FORM),
    "POST /contracts/{contract_id}/milestones/{milestone_id}/pay": (12, PAYING),
    "POST /contracts/{contract_id}/milestones/{milestone_id}/submit": (28, DEAL_FORM),
    "POST /contracts/{contract_id}/milestones/{milestone_id}/{step}": (28, MONEY),
    "POST /contracts/{contract_id}/{step}": (20, ENDING),
    "POST /api/v1/contracts/{contract_id:uuid}/end": (20, ENDING),
    "POST /api/v1/milestones/{milestone_id:uuid}/accept": (28, MONEY),
    "POST /api/v1/milestones/{milestone_id:uuid}/answer-refund": (24, MONEY),
    "POST /api/v1/milestones/{milestone_id:uuid}/bonus": (16, MONEY),
    "POST /api/v1/milestones/{milestone_id:uuid}/fund": (24, MONEY),
    "POST /api/v1/milestones/{milestone_id:uuid}/pay": (12, PAYING),
    "POST /api/v1/milestones/{milestone_id:uuid}/return-money": (24, MONEY),
    "POST /api/v1/milestones/{milestone_id:uuid}/submit": (16, MONEY),
    "POST /api/v1/offers/{offer_id:uuid}/accept": (28, BEGINNING),
    "POST /api/v1/proposals/{proposal_id:uuid}/accept": (28, BEGINNING),
    "POST /offers/{offer_id}/accept": (28, BEGINNING),
    "POST /api/v1/direct-deals/{deal_id:uuid}/accept": (28, BEGINNING),
    "POST /deals/{deal_id}/accept": (28, BEGINNING),
    "POST /api/v1/direct-deals": (14, INVITING),
    "POST /deals/new": (14, INVITING),
    "GET /api/v1/direct-deals/{deal_id:uuid}": (6, TERMS_WITH_FEES),
    "POST /proposals/{proposal_id}/accept": (28, BEGINNING),
    "GET /api/v1/freelancers": (9, PEOPLE),
    "POST /api/v1/proposals/{proposal_id:uuid}/messages": (14, ANSWERED),
    "POST /proposals/{proposal_id}/messages": (22, MESSAGE_PAGE),
    "POST /settings/photo": (13, f"{_STORED}; then it is attached in place of the present one"),
    "POST /settings/portfolio/new": (19, f"{_STORED}; the form is claimed, so that two posts of it make one; {ITEM}"),
    "GET /api/v1/orders": (8, SEARCH),
    "GET /api/v1/orders/facets": (5, SEARCH),
    "GET /api/v1/orders/{order_id}/recommended-freelancers": (9, RANKED),
    "GET /orders": (15, SEARCH),
    "GET /orders/{order_id}/people": (9, RANKED),
    "PATCH /api/v1/orders/{order_id:uuid}": (11, FILES),
    "POST /api/v1/orders/{order_id:uuid}/proposals": (14, SENDING),
    "POST /orders/new": (22, UPLOAD),
    "POST /orders/{order_id}/edit": (20, UPLOAD),
    "POST /orders/{order_id}/proposals": (30, SENDING_PAGE),
}
"""Routes with a limit of their own; the lists of this file may only get shorter."""
CHECKED_AGAIN = "the session is checked before a long body is read and after it: it may have ended meanwhile"
COMPARED = "the files are read to see whether the edit changes them, and after the change for the response"
REFUSED = f"{CHECKED_AGAIN}; a refused form is rolled back, and the page reads the order in a new transaction"
SWITCHED = (
    "of frequent words, the sorted page and the facets each turn bitmap scans off and on: the count between needs them"
)
FIRST_CHANGE = (
    "the first change creates the row: it is looked for, inserted unless another request was faster, and locked"
)
CONTRACT_AGAIN = "a refused form is rolled back, and the page reads the contract in a new transaction"
READ_AGAIN = "a refused message is rolled back, and the page reads the conversation in a new transaction"
REPEATED: dict[str, str] = {
    "POST /api/v1/payments/{payment_id:uuid}/cancel": "the payment is locked again after the call to the provider",
    "GET /api/v1/auth/me": "a fast response that fails goes on to its route, which checks the session again",
    "DELETE /api/v1/profiles/me/portfolio/{item_id:uuid}": FIRST_CHANGE,
    "POST /my/searches/settings": FIRST_CHANGE,
    "POST /settings/portfolio/{item_id}/remove": FIRST_CHANGE,
    "DELETE /api/v1/saved-searches/{search_id:uuid}": FIRST_CHANGE,
    "PATCH /api/v1/saved-searches/{search_id:uuid}": FIRST_CHANGE,
    "POST /api/v1/profiles/me/portfolio/{item_id:uuid}/move": FIRST_CHANGE,
    "POST /my/searches/{search_id:uuid}/edit": FIRST_CHANGE,
    "POST /my/searches/{search_id:uuid}/delete": FIRST_CHANGE,
    "POST /settings/portfolio/{item_id}/move": FIRST_CHANGE,
    "PATCH /api/v1/profiles/me": FIRST_CHANGE,
    "PATCH /api/v1/saved-searches/settings": FIRST_CHANGE,
    "POST /api/v1/profiles/me/portfolio": FIRST_CHANGE,
    "POST /api/v1/saved-searches": FIRST_CHANGE,
    "POST /contracts/{contract_id}/change": CONTRACT_AGAIN,
    "POST /contracts/{contract_id}/milestones/{milestone_id}/forms/{form}": CONTRACT_AGAIN,
    "POST /contracts/{contract_id}/milestones/{milestone_id}/submit": CONTRACT_AGAIN,
    "GET /api/v1/wallet/statement/{format}": STATEMENT,
    "GET /wallet/statement/{format}": STATEMENT,
    "POST /api/v1/payouts": PAID_OUT,
    "POST /wallet/withdraw": PAID_OUT,
    "POST /api/v1/finance/withdrawals/{withdrawal_id:uuid}/approve": ACCOUNTS_OPENED,
    "POST /finance/withdrawals/{withdrawal_id}/approve": ACCOUNTS_OPENED,
    "POST /api/v1/finance/corrections": ACCOUNTS_OPENED,
    "POST /api/v1/finance/corrections/{correction_id:uuid}/approve": ACCOUNTS_OPENED,
    "POST /finance/corrections/new": ACCOUNTS_OPENED,
    "POST /finance/corrections/{correction_id}/approve": ACCOUNTS_OPENED,
    "POST /messages/{conversation_id}": READ_AGAIN,
    "POST /my/searches/new": FIRST_CHANGE,
    "POST /proposals/{proposal_id}/messages": CHECKED_AGAIN,
    "POST /settings/photo": CHECKED_AGAIN,
    "POST /settings/portfolio/new": CHECKED_AGAIN,
    "POST /settings/portfolio/{item_id}": CHECKED_AGAIN,
    "POST /settings/public-profile": FIRST_CHANGE,
    "PUT /api/v1/profiles/me/portfolio/{item_id:uuid}": FIRST_CHANGE,
    "GET /orders": SWITCHED,
    "PATCH /api/v1/orders/{order_id:uuid}": COMPARED,
    "POST /orders/new": CHECKED_AGAIN,
    "POST /orders/{order_id}/edit": CHECKED_AGAIN,
    "POST /orders/{order_id}/proposals": REFUSED,
    "POST /proposals/{proposal_id}/edit": CHECKED_AGAIN,
}
"""Routes that may send one statement twice."""
SEVERAL_TRANSACTIONS: dict[str, str] = {
    "GET /api/v1/wallet/statement/{format}": STATEMENT,
    "GET /wallet/statement/{format}": STATEMENT,
    "GET /files/{file_id:uuid}": "a file is marked as damaged in a second transaction, after its bytes were read",
}
"""Reads that may use several transactions."""
