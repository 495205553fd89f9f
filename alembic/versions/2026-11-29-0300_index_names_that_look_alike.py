"""Index user names by what they look like, so that a name in other letters that looks the same is found.

Revision ID: 6f0c2b91d7e4
Revises: d5b83e17f942
Create Date: 2026-11-29 03:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "6f0c2b91d7e4"
down_revision: str | None = "d5b83e17f942"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEX = "ix_users_username_look_alike"
LETTERS = (
    "ABCDEFGHJKLMNOPQRSTUVWXYZI10АВЕКМНОРСТУХІЈЅҮҺӀԚԜЁЇЬГПавекмнорстухіјѕүһӏԛԝԁёїьгпзб"
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεικνορτυχγηωάέίόύıłøđħ"
)
LOOK_LIKE = (
    "abcdefghjklmnopqrstuvwxyzlloabekmhopctyxljsyhlqwëïbrnabekmhopctyxijsyhlqwdëïbrn36"
    "abezhlkmnoptyxaeikvoptuxynwáéíóúilodh"
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            INDEX,
            "users",
            [sa.text(f"translate(username, '{LETTERS}', '{LOOK_LIKE}')")],
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, "users", postgresql_concurrently=True, if_exists=True)
