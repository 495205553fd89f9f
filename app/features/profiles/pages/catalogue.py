"""The catalogue of freelancers as a page; its URL contains every filter, so it can be saved and shared."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from app.core.errors import FieldError, InvalidError
from app.core.http.dependencies import FeatureRouter, ProcessResources, ReadSession
from app.core.http.problem_details import field_errors
from app.core.i18n import N_, _, current_locale
from app.core.i18n.locale_data import languages
from app.core.money import Currency, Money, typed_amount
from app.core.pagination import BadCursorError
from app.core.text.amounts import AmountError
from app.features.authentication.dependencies import OptionalActor
from app.features.catalog import service as catalog
from app.features.catalog.schemas import Searched
from app.features.profiles import service
from app.features.profiles.errors import InvalidPeopleFilterError
from app.features.profiles.pages._labels import category_options, shown
from app.features.profiles.schemas import (
    AVAILABILITY_LABELS,
    LEVEL_LABELS,
    FoundPeople,
    PeopleQuery,
    PeopleSort,
    SkillsMode,
    default_people_sort,
)
from app.models import Availability, SkillLevel
from app.web import order_cards
from app.web.forms import FormState
from app.web.templating import render

router = FeatureRouter()
PAGE_SIZE = 20
SORT_LABELS: dict[PeopleSort, str] = {
    PeopleSort.NEWEST: N_("Newly listed first"),
    PeopleSort.MATCH: N_("Best match first"),
    PeopleSort.RATE: N_("Lowest rate first"),
}
FLAGS: dict[str, str] = {
    "portfolio": N_("With a portfolio"),
    "favourites": N_("My favourites"),
}


@router.get("/freelancers")
async def list_freelancers(
    request: Request, actor: OptionalActor, session: ReadSession, resources: ProcessResources
) -> Response:
    """Show the catalogue with the filters and the sort order of the URL."""
    catalogue = await catalog.read_catalogue(session, resources)
    typed = TypedPeopleFilter(request)
    page, facets = FoundPeople(items=[], next_cursor=None, count=0), list[tuple[str, int]]()
    wrong, better = None, None
    try:
        wanted = typed.wanted()
        page, facets = await service.search_people(session, resources, actor, wanted)
        if not page.count and wanted.q:
            better = await catalog.did_you_mean(session, Searched.PEOPLE, wanted.q)
    except BadCursorError:
        return RedirectResponse(typed.address(), status_code=303)
    except InvalidError as error:
        wrong = error
    kept = await service.favourite_ids(session, actor.id) if actor else frozenset[UUID]()
    form = typed.form(wrong)
    more = [
        (skill.name(current_locale()), skill.slug, count) for slug, count in facets if (skill := catalogue.skill(slug))
    ]
    context = {
        "people": [shown(item, catalogue, favourite=item.id in kept) for item in page.items],
        "count": page.count,
        "count_limit": service.COUNT_LIMIT,
        "older": typed.address(cursor=page.next_cursor) if page.next_cursor else None,
        "newer": typed.address() if typed.cursor else None,
        "f": form,
        "chips": typed.chips(catalogue) if wrong is None else [],
        "more_skills": [(f"{name} · {count}", typed.address(skills=slug)) for name, slug, count in more],
        "q": typed.values.get("q", ""),
        "better": (better, typed.address(words=better)) if better else None,
        "categories": category_options(catalogue),
        "levels": [(level.value, _(words)) for level, words in LEVEL_LABELS.items()],
        "states": [(state.value, _(words)) for state, (words, _tone) in AVAILABILITY_LABELS.items()],
        "modes": [(SkillsMode.ALL.value, _("All of them")), (SkillsMode.ANY.value, _("Any of them"))],
        "currencies": [(item.value, item.value) for item in Currency],
        "languages": list(languages(current_locale()).items()),
        "sorts": [("" if sort is typed.default_sort else sort.value, _(words)) for sort, words in SORT_LABELS.items()],
        "here_path": typed.address(cursor=typed.cursor),
    }
    return render(request, "profiles/catalogue.html", context, status_code=422 if wrong else 200)


class TypedPeopleFilter:
    """Filters of the catalogue as typed by the user, read from the query string."""

    NAMES = (
        "q", "category", "skills", "skills_mode", "level", "rate_min", "rate_max", "currency", "language", "place",
        "availability", "portfolio", "favourites", "sort",
    )  # fmt: skip
    BOUNDS = ("rate_min", "rate_max")

    def __init__(self, request: Request) -> None:
        query = request.query_params
        self.values: dict[str, str] = {}
        for name in self.NAMES:
            text = ", ".join(part.strip() for part in query.getlist(name) if part.strip())
            if text and (name, text) != ("skills_mode", "all"):
                self.values[name] = text
        if self.values.get("sort") == self.default_sort:
            del self.values["sort"]
        if not set(self.BOUNDS) & set(self.values) and self.values.get("sort") != PeopleSort.RATE:
            self.values.pop("currency", None)
        self.cursor = query.get("cursor") or None

    @property
    def default_sort(self) -> PeopleSort:
        """The sort order if none is chosen; the form sends it as an empty value, so that it can follow the words."""
        return default_people_sort(self.values.get("q", ""))

    @property
    def words(self) -> list[str]:
        """The typed skills."""
        return [word for word in (part.strip() for part in self.values.get("skills", "").split(",")) if word]

    def wanted(self) -> PeopleQuery:
        """Parse the filters into the query of the use case.

        Raises:
            InvalidPeopleFilterError: Some filters are invalid; all of them are listed.
        """
        content: dict[str, Any] = {**self.values, "skills": self.words, "cursor": self.cursor, "limit": PAGE_SIZE}
        errors: list[FieldError] = []
        for name in self.BOUNDS:
            if name in content:
                try:
                    content[name] = typed_amount(content[name], self._currency)
                except AmountError as bad:
                    errors.append(bad.at(name))
                    content.pop(name)
        try:
            wanted = PeopleQuery.model_validate(content)
        except ValidationError as bad:
            errors += field_errors([dict(error) for error in bad.errors()])
            raise InvalidPeopleFilterError(errors=errors) from bad
        if errors:
            raise InvalidPeopleFilterError(errors=errors)
        return wanted

    def address(
        self,
        *,
        cursor: str | None = None,
        without: tuple[str, str] | None = None,
        skills: str = "",
        words: str | None = None,
    ) -> str:
        """Return the URL of the list at a cursor, without a filter, with one more skill, or for other search words."""
        left = dict(self.values)
        if words:
            left["q"] = words
        if without and without[0] == "skills":
            left["skills"] = ", ".join(word for word in self.words if word != without[1])
        elif without:
            left.pop(without[0], None)
        if skills:
            left["skills"] = ", ".join([*self.words, skills])
        pairs = [(name, value) for name, value in left.items() if value]
        if cursor:
            pairs.append(("cursor", cursor))
        return f"/freelancers?{urlencode(pairs)}" if pairs else "/freelancers"

    def form(self, wrong: InvalidError | None) -> FormState:
        """Return the state of the filter form."""
        state = FormState.start(**self.values)
        return state.with_error(wrong) if wrong else state

    def chips(self, catalogue: catalog.Catalogue) -> list[tuple[str, str]]:
        """Return the label of each active filter and the URL of the list without it."""
        found: list[tuple[str, tuple[str, str]]] = []
        for name, value in self.values.items():
            if name not in ("q", "skills", "skills_mode", "currency", "sort"):
                found.append((self._words(name, value, catalogue), (name, value)))
        for word in self.words:
            skill = catalogue.resolve(word)
            found.append((skill.name(current_locale()) if skill else word, ("skills", word)))
        return [(words, self.address(without=pair)) for words, pair in found]

    @property
    def _currency(self) -> Currency:
        given = self.values.get("currency", Currency.RUB.value)
        return Currency(given) if given in set(Currency) else Currency.RUB

    def _words(self, name: str, value: str, catalogue: catalog.Catalogue) -> str:
        if name == "category":
            entry = catalogue.category(value)
            return entry.name(current_locale()) if entry else value
        if name in self.BOUNDS:
            money = Money(typed_amount(value, self._currency), self._currency)
            return order_cards.lower_bound_label(money) if name == "rate_min" else order_cards.upper_bound_label(money)
        if name == "language":
            return languages(current_locale()).get(value, value)
        if name == "level":
            return _("Level from: {level}").format(level=_(LEVEL_LABELS[SkillLevel(value)]))
        if name == "availability":
            return _(AVAILABILITY_LABELS[Availability(value)][0])
        return _(FLAGS[name]) if name in FLAGS else value
