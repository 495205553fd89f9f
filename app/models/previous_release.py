"""Names in the database that only the previous release uses, kept until a contract migration drops them.

A rename takes two releases. The first adds the new name and keeps the old one working: a trigger keeps two columns
equal, a view stands for a renamed table. The second drops the old name and takes the entry out of these lists.
"""

COLUMNS_OF_THE_PREVIOUS_RELEASE: dict[tuple[str, str], str] = {
    ("users", "epoch"): "renamed to token_version; trigger users_token_version",
    ("auth_sessions", "epoch"): "renamed to token_version; trigger auth_sessions_token_version",
    ("orders", "needs_look"): "renamed to needs_review; trigger orders_needs_review",
    ("file_objects", "doomed_at"): "renamed to delete_after; trigger file_objects_delete_after",
}
"""(table, column) → why it is still in the database although no model names it."""

INDEXES_OF_THE_PREVIOUS_RELEASE: dict[str, str] = {
    "ix_file_objects_doomed": "replaced by ix_file_objects_delete_after",
    "ix_file_objects_checked": "replaced by ix_file_objects_unverified",
}
"""Index → why it is still in the database although no model names it."""

VIEWS_OF_THE_PREVIOUS_RELEASE: dict[str, str] = {
    "customer_facts": "renamed to customer_stats",
    "alert_dues": "renamed to alert_schedule",
    "alert_letters": "renamed to alert_emails",
    "letter_templates": "renamed to cover_letter_templates",
    "order_matchings": "renamed to order_match_queue",
    "order_guests": "renamed to order_access_grants",
}
"""View → the table of the previous release that it stands for."""
