"""Canonical bytes and signed checkpoints: vectors, and what cannot be read in two ways or signed by another."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.transparency import verify
from app.core.transparency.canonical import LeafTransaction, LeafTransfer, canonical_json, canonical_leaf
from app.core.transparency.checkpoints import (
    Checkpoint,
    CheckpointError,
    read_checkpoint,
    sign_checkpoint,
    verifier_key,
)

SALT, SEED, OTHER_SEED = bytes(range(16)), bytes(range(32)), bytes(32)
type Change = Callable[[str], str]
ACCOUNT, OTHER = UUID(int=1), UUID(int=2)
AT = datetime(2026, 11, 29, 8, 0, 0, 120, tzinfo=UTC)
TRANSFER = LeafTransfer(
    debit=ACCOUNT, debit_kind="escrow", credit=OTHER, credit_kind="maturing", currency="RUB", amount=123
)
PLAIN = LeafTransaction(
    id=UUID(int=3), template="P5", template_version=1, business_key="release:1", effective_at=AT, transfers=(TRANSFER,)
)
CHECKPOINT = Checkpoint("ledger.example/log", 7, bytes(32))


def test_a_leaf_has_these_bytes() -> None:
    written = canonical_leaf(replace(PLAIN, reason='a,"b"|c:\n\x01é€'), SALT)
    assert written.decode() == (
        '{"actor":null,"business_key":"release:1","contract":null,"effective_at":"2026-11-29T08:00:00.000120Z",'
        '"milestone":null,"reason":"a,\\"b\\"|c:\\n\\u0001é€","reverses":null,'
        '"salt":"000102030405060708090a0b0c0d0e0f","template":"P5","template_version":"1","transfers":[{"amount":"123",'
        '"credit":"00000000-0000-0000-0000-000000000002","credit_kind":"maturing","credit_owner":"","currency":"RUB",'
        '"debit":"00000000-0000-0000-0000-000000000001","debit_kind":"escrow","debit_owner":""}],'
        '"txn":"00000000-0000-0000-0000-000000000003","v":"1"}'
    )
    verify.read_leaf(written)


def test_texts_are_escaped_as_rfc_8785_wants() -> None:
    assert canonical_json({"b": '\b\f\n\r\t\x0f\x7f/\\"€😀', "a": None}) == (
        b'{"a":null,"b":"\\b\\f\\n\\r\\t\\u000f\x7f/\\\\\\"' + "€😀".encode() + b'"}'
    )
    with pytest.raises(UnicodeEncodeError):
        canonical_json("\ud800")


@pytest.mark.parametrize(
    "separated",
    [("a:b", "c"), ("a", "b:c"), ('a","reason":"b', "c"), ("a", 'b","x":"c'), ("a|b", "c"), ("a\n", "b"), ("", "a\nb")],
)
def test_separators_in_fields_move_nothing(separated: tuple[str, str]) -> None:
    key, reason = separated
    read = verify.read_leaf(canonical_leaf(replace(PLAIN, business_key=key, reason=reason), SALT))
    assert (read["business_key"], read["reason"]) == separated


ids = st.none() | st.uuids()
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(['","', '"', ":", "\\", "null"])
leaves = st.tuples(
    st.builds(
        LeafTransaction,
        id=st.uuids(),
        template=texts,
        template_version=st.integers(1, 99),
        business_key=texts,
        effective_at=st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1)),  # noqa: DTZ001 - the zone is given apart
        actor=ids,
        deal=ids,
        milestone=ids,
        reverses=ids,
        reason=texts,
        transfers=st.lists(
            st.builds(
                LeafTransfer,
                debit=st.uuids(),
                debit_kind=texts,
                credit=st.uuids(),
                credit_kind=texts,
                currency=texts,
                amount=st.integers(1, 10**15),
            ),
            max_size=2,
        ),
    ),
    st.binary(min_size=16, max_size=16),
)


@given(leaves, leaves)
def test_two_transactions_have_the_same_bytes_only_if_they_are_one(
    first: tuple[LeafTransaction, bytes], second: tuple[LeafTransaction, bytes]
) -> None:
    assert (canonical_leaf(*first) == canonical_leaf(*second)) == (first == second)
    transaction, salt = first
    moved = replace(transaction, business_key=transaction.business_key + transaction.reason, reason="")
    assert (canonical_leaf(moved, salt) == canonical_leaf(transaction, salt)) == (not transaction.reason)


def test_times_are_written_in_utc_and_others_are_refused() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=3)))
    assert canonical_leaf(replace(PLAIN, effective_at=elsewhere), SALT) == canonical_leaf(PLAIN, SALT)
    with pytest.raises(ValueError, match="zone"):
        canonical_leaf(replace(PLAIN, effective_at=AT.replace(tzinfo=None)), SALT)
    with pytest.raises(ValueError, match="salt"):
        canonical_leaf(PLAIN, SALT[1:])
    for amount in (0, -1, 1.0, True):
        with pytest.raises(ValueError, match="amount"):
            canonical_leaf(replace(PLAIN, transfers=[replace(TRANSFER, amount=amount)]), SALT)  # type: ignore[arg-type]  # what is refused


def test_a_checkpoint_is_read_by_its_key_and_by_the_other_verifier() -> None:
    key, note = verifier_key(CHECKPOINT.origin, SEED), sign_checkpoint(CHECKPOINT, SEED)
    assert note.startswith(f"ledger.example/log\n7\n{'A' * 43}=\n\n— ledger.example/log ")
    cosigned = note + "— witness.example AAAA\n"
    for text in (note, cosigned):
        assert read_checkpoint(text, key) == CHECKPOINT
        assert verify.read_checkpoint(text, [verify.read_key(key)], "it") == (CHECKPOINT.origin, 7, bytes(32))


def test_a_published_key_is_understood() -> None:
    """The key of the documentation of signed notes."""
    name, key_id, _raw = verify.read_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert (name, key_id.hex()) == ("PeterNeumann", "c74f20a3")


CHANGES: dict[str, Change] = {
    "size": lambda note: note.replace("\n7\n", "\n8\n"),
    "leading zero": lambda note: note.replace("\n7\n", "\n07\n"),
    "root": lambda note: note.replace("AAAA", "AAAB", 1),
    "origin": lambda note: note.replace("ledger.example", "ledger.exbmple"),
    "dash": lambda note: note.replace("— ledger", "- ledger"),
    "signature": lambda note: note[:-6] + "AAA=\n",
    "one line more": lambda note: note.replace("\n\n", "\nmore\n\n"),
    "no signature": lambda note: note.partition("\n\n")[0],
    "empty": lambda _note: "",
    "another key": lambda _note: sign_checkpoint(CHECKPOINT, OTHER_SEED),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_checkpoint_is_refused_by_both(change: Change) -> None:
    key, note = verifier_key(CHECKPOINT.origin, SEED), change(sign_checkpoint(CHECKPOINT, SEED))
    with pytest.raises(CheckpointError):
        read_checkpoint(note, key)
    with pytest.raises(verify.EndedError):
        verify.read_checkpoint(note, [verify.read_key(key)], "it")


@pytest.mark.parametrize("key", ["", "a+b", "log+00000000+" + "A" * 44, "log+00000000+AQ=="])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(CheckpointError):
        read_checkpoint(sign_checkpoint(CHECKPOINT, SEED), key)
    with pytest.raises(verify.EndedError):
        verify.read_key(key)
    with pytest.raises(CheckpointError):
        verifier_key("a name", SEED)


def test_signatures_of_rfc_8032() -> None:
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verify.signature_holds(public, signature, b"\x72")
    assert not verify.signature_holds(public, signature, b"\x73")
    larger = int.from_bytes(signature[32:], "little") + verify.MODULUS
    assert not verify.signature_holds(public, signature[:32] + larger.to_bytes(32, "little"), b"\x72")
