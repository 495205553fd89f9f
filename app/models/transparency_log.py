"""The transparency log of the ledger: sealed transactions, tree nodes, signed checkpoints, snapshots of balances."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.models.ledger import LEDGER


class LedgerLeaf(Base):
    """A sealed transaction or paper; its salt makes the hash unguessable."""

    __tablename__ = "leaf"
    __table_args__ = (
        CheckConstraint("position >= 0", name="position"),
        CheckConstraint("length(salt) = 16", name="salt"),
        Index("ix_ledger_leaf_contract_id", "contract_id", postgresql_where=text("contract_id IS NOT NULL")),
        CheckConstraint("length(hash) = 32", name="hash"),
        {"schema": LEDGER},
    )

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 0, without gaps."""
    txn_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger.txn.id"), unique=True)
    """None where the leaf is of a paper, which `PaperLeaf` names."""
    contract_id: Mapped[UUID | None]
    """The contract of the transaction, for the bundles of its parties."""
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerNode(Base):
    """The root of a complete subtree, at every fourth height; `app.core.transparency.nodes` computes the others."""

    __tablename__ = "node"
    __table_args__ = (
        CheckConstraint("height > 0 AND height % 4 = 0", name="height"),
        CheckConstraint("index >= 0", name="index"),
        CheckConstraint("length(hash) = 32", name="hash"),
        {"schema": LEDGER},
    )

    height: Mapped[int] = mapped_column(primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerLogKey(Base):
    """A public key that signed checkpoints, in its published form; the newest one signs now."""

    __tablename__ = "log_key"
    __table_args__ = ({"schema": LEDGER},)

    published: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerCheckpoint(Base):
    """A signed size and root of the log."""

    __tablename__ = "checkpoint"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("length(root) = 32", name="root"),
        {"schema": LEDGER},
    )

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str]
    published_key: Mapped[str] = mapped_column(ForeignKey("ledger.log_key.published"))
    sealed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerSnapshot(Base):
    """The sums of an account at a checkpoint, over all transactions before it.

    Accounts without a balance row have one at each checkpoint that covers a transfer of theirs; all accounts have one
    a day, if they moved.
    """

    __tablename__ = "snapshot"
    __table_args__ = (
        CheckConstraint("debits >= 0", name="debits"),
        CheckConstraint("credits >= 0", name="credits"),
        {"schema": LEDGER},
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.account.id"), primary_key=True)
    size: Mapped[int] = mapped_column(ForeignKey("ledger.checkpoint.size"), primary_key=True, index=True)
    debits: Mapped[Decimal] = mapped_column(Numeric)
    credits: Mapped[Decimal] = mapped_column(Numeric)


class PaperLeaf(Base):
    """The place of a paper in the log; None while it waits. A trigger adds it when the file of the paper is made."""

    __tablename__ = "paper_leaves"
    __table_args__ = (
        CheckConstraint("position >= 0", name="position"),
        Index("ix_paper_leaves_waiting", "document_id", postgresql_where=text("position IS NULL")),
    )

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    position: Mapped[int | None] = mapped_column(unique=True)


class SolvencyNight(Base):
    """What was owed to people at a size of the log, signed. Rows are only added."""

    __tablename__ = "solvency_nights"
    __table_args__ = (CheckConstraint("length(secret) = 32", name="secret"), CheckConstraint("size > 0", name="size"))

    night: Mapped[date] = mapped_column(primary_key=True)
    size: Mapped[int]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    """The salts of this night are computed from it, so it never leaves the site."""
    note: Mapped[str]
    published_key: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(server_default=func.app_now())


class SolvencyLeaf(Base):
    """The balance of one account in one night, at its place in the tree of its currency; kept for a few nights."""

    __tablename__ = "solvency_leaves"
    __table_args__ = (
        CheckConstraint("position >= 0", name="position"),
        CheckConstraint("balance > 0", name="balance"),
        UniqueConstraint("night", "account_id"),
    )

    night: Mapped[date] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[UUID]
    balance: Mapped[int]


class SolvencyNode(Base):
    """A sum and hash of a complete subtree, at every fourth height; kept for a few nights."""

    __tablename__ = "solvency_nodes"
    __table_args__ = (
        CheckConstraint("height > 0 AND height % 4 = 0", name="height"),
        CheckConstraint("length(node) = 48", name="node"),
    )

    night: Mapped[date] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    height: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    node: Mapped[bytes] = mapped_column(LargeBinary)
