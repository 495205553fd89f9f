"""Labels and cards of freelancers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.core.i18n import N_, _, current_locale
from app.core.i18n.locale_data import countries, languages
from app.features.catalog import service as catalog
from app.features.profiles.schemas import AVAILABILITY_LABELS, FoundFreelancer, Reason
from app.web.formatting import money

SKILLS_ON_CARD = 8
REASONS: dict[str, str] = {
    "skills": N_("skills asked for: {what}"),
    "levels": N_("their levels: {what}"),
    "headline": N_("in the headline: {what}"),
    "names": N_("in the name or the skills: {what}"),
    "text": N_("in the text: {what}"),
    "available": N_("takes work"),
    "fresh": N_("profile changed lately"),
}


@dataclass(frozen=True, slots=True)
class FreelancerCard:
    """The content of a freelancer's card."""

    username: str
    href: str
    name: str
    headline: str
    photo: str | None
    skills: tuple[str, ...]
    rate: str | None
    note: str
    availability: tuple[str, str]
    favourite: bool
    why: tuple[tuple[str, int], ...]
    score: int | None


def rate_label(card: FoundFreelancer) -> str | None:
    """Format the hourly rate; None without a rate."""
    return _("{amount} an hour").format(amount=money(card.rate)) if card.rate else None


def category_options(catalogue: catalog.Catalogue) -> list[tuple[str, Any]]:
    """Return the categories as grouped options of a select."""
    locale = current_locale()
    return [
        (
            top.name(locale),
            [
                (top.slug, _("{category}: all").format(category=top.name(locale))),
                *((part.slug, part.name(locale)) for part in catalogue.parts(top.id)),
            ],
        )
        for top in catalogue.parts(None)
    ]


def reason_labels(why: Iterable[Reason], catalogue: catalog.Catalogue) -> tuple[tuple[str, int], ...]:
    """Return the label of each score component with its points."""
    locale = current_locale()

    def name(word: str) -> str:
        skill = catalogue.skill(word)
        return skill.name(locale) if skill else word

    return tuple(
        (_(REASONS[line.rule]).format(what=", ".join(name(word) for word in line.what)), line.points) for line in why
    )


def shown(card: FoundFreelancer, catalogue: catalog.Catalogue, *, favourite: bool) -> FreelancerCard:
    """Convert a freelancer to the content of a card."""
    locale = current_locale()
    speaks = ", ".join(languages(locale).get(item.code, item.code) for item in card.languages)
    country = countries(locale).get(card.country, "") if card.country else ""
    words, tone = AVAILABILITY_LABELS[card.availability]
    return FreelancerCard(
        username=card.username,
        href=card.href,
        name=card.name,
        headline=card.headline,
        photo=card.avatar_url,
        skills=tuple(skill.name for skill in card.skills[:SKILLS_ON_CARD]),
        rate=rate_label(card),
        note=" · ".join(note for note in (card.place or country, speaks) if note),
        availability=(_(words), tone),
        favourite=favourite,
        why=reason_labels(card.why, catalogue),
        score=card.score,
    )
