"""What to search for instead of words that nothing stands for: typing errors and the other keyboard put right."""

import re
from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.audit import record_audit
from app.core.persistence.raw_read_pool import RawReadPool
from app.core.unit_of_work import UnitOfWork
from app.features.catalog.repository import TermRepository
from app.features.catalog.rules import expand_prefixes, last_word, other_layout, term, wildcard_prefixes
from app.features.catalog.schemas import Searched

_WORD = re.compile(r"(?<![\w-])[^\W\d_]{3,40}")
"""Words that may be put right: no numbers, nothing that a minus leaves out."""
MAX_WORDS = 6
MAX_ENDINGS = 8
"""Words that one beginning may become; each is a look into the index."""


def deletion_keys(word: str) -> set[str]:
    """Return a word, and what is left of it without one letter."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def edit_distance(one: str, other: str) -> int:
    """Count the letters to add, drop, change or swap with their neighbour until one word is the other."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def nearest(word: str, found: Sequence[tuple[str, int]]) -> str | None:
    """Return the word with the fewest slips; of equal ones the most frequent, which stands first."""
    return min((pair[0] for pair in found), key=lambda other: edit_distance(word, other), default=None)


async def learn_terms(uow: UnitOfWork, searched: Searched) -> None:
    """Make the dictionary of one kind of search anew from the newest of what it finds."""
    await TermRepository(uow.session, searched).learn()


async def learn_first_terms(uow: UnitOfWork, actor: Actor, *, reason: str = "") -> int:
    """Make the dictionary where there is none yet, so that a search need not wait for the clock; return its words."""
    dictionary = TermRepository(uow.session, Searched.ORDERS)
    if await dictionary.size():
        return 0
    for searched in Searched:
        await learn_terms(uow, searched)
    count = await dictionary.size()
    record_audit(uow.session, actor, "search_terms.learn", "search_terms", new={"count": count}, reason=reason)
    return count


async def parse_queries(
    session: AsyncSession, searched: Searched, queries: Collection[str], read_pool: RawReadPool | None = None
) -> dict[str, str]:
    """Return typed searches as `tsquery`, with the forms of words and the words that unfinished ones may become.

    Unfinished are words with a star behind them, and last words that nothing has as they stand: of orders, that is;
    whoever looks for people is served by any ending. The eight most frequent words stand for each. Three statements at
    the most, whatever the number of searches.
    """
    repository = TermRepository(session, searched, read_pool)
    last = {word for query in queries if (word := last_word(query))}
    read, known = await repository.read(queries, last if searched is Searched.ORDERS else ())
    unfinished = (last - known).union(*map(wildcard_prefixes, queries))
    if unfinished:
        endings = await repository.endings(unfinished, MAX_ENDINGS)
        completed = {query: complete for query in queries if (complete := expand_prefixes(query, endings)) != query}
        again, _known = await repository.read(set(completed.values()), ()) if completed else ({}, set[str]())
        read |= {query: again[complete] for query, complete in completed.items()}
    return read


async def did_you_mean(session: AsyncSession, searched: Searched, typed: str) -> str | None:
    """Return the query with its unknown words put right, or None where nothing better is known."""
    repository = TermRepository(session, searched)
    words = {term(word) for word in _WORD.findall(typed)[:MAX_WORDS]}
    swapped = {word: other_layout(word) for word in words}
    known = await repository.known(words | set(swapped.values()))
    better: dict[str, str] = {}
    for word in sorted(words - known):
        found = swapped[word] if swapped[word] in known else nearest(word, await repository.alike(deletion_keys(word)))
        if found is not None:
            better[word] = found

    def put_right(match: re.Match[str]) -> str:
        return better.get(term(match[0]), match[0])

    suggestion = _WORD.sub(put_right, typed)
    return suggestion if better and suggestion != typed else None
