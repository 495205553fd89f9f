"""Columns that only the previous release uses: kept beside their successors until a contract migration drops them.

A rename takes two releases. The first adds the new name and a trigger that keeps both names equal; the second drops
the trigger and the old name, and takes the entry out of this list.
"""

COLUMNS_OF_THE_PREVIOUS_RELEASE: dict[tuple[str, str], str] = {
    ("users", "epoch"): "renamed to token_version; trigger users_token_version",
    ("auth_sessions", "epoch"): "renamed to token_version; trigger auth_sessions_token_version",
}
"""(table, column) → why it is still in the database although no model names it."""
