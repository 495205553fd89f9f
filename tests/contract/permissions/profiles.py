"""Profiles: public to read; everybody edits their own."""

from typing import Any

from app.features.profiles import service as profiles
from app.features.profiles.schemas import PortfolioFields
from tests.contract.permissions.fixtures import Scene
from tests.contract.permissions.table import EVERYBODY, SIGNED_IN, Row, own, page


async def make_username(scene: Scene, _row: Row, _role: str) -> Any:
    """Create a person outside the roles."""
    return (await scene.market.person()).username


async def make_item(scene: Scene, _row: Row, _role: str) -> Any:
    """Create a portfolio item of the freelancer."""
    async with scene.market.uow() as work:
        item = await profiles.add_item(work, scene.people["freelancer"], PortfolioFields(title="Работа"))
    return item.id


MAKERS = {"username": make_username, "item_id": make_item}
WORK = {"title": "Другая работа"}
ROWS = [
    Row("GET /customers/facts", EVERYBODY),
    Row("GET /freelancers", EVERYBODY),
    Row("GET /freelancers/did-you-mean", EVERYBODY),
    Row("GET /profiles/me", SIGNED_IN),
    Row("PATCH /profiles/me", SIGNED_IN, body={"headline": "Одна строка"}),
    Row("GET /profiles/me/portfolio", SIGNED_IN),
    own("POST /profiles/me/portfolio", 201, WORK),
    Row("PUT /profiles/me/portfolio/{item_id}", (401, 404, 404, 200, 404), body=WORK),
    Row("POST /profiles/me/portfolio/{item_id}/move", (401, 404, 404, 200, 404), body={"position": 0}),
    Row("DELETE /profiles/me/portfolio/{item_id}", (401, 404, 404, 204, 404)),
    Row("GET /profiles/me/photo", SIGNED_IN),
    Row("PUT /profiles/me/photo", (401, 422, 422, 422, 422), body={"file": "01900000-0000-7000-8000-000000000000"}),
    Row("PATCH /profiles/me/photo", (401, 409, 409, 409, 409), body={"zoom": 2}),
    own("DELETE /profiles/me/photo", 204),
    Row("GET /profiles/{username}", EVERYBODY),
    Row("GET /favourites", SIGNED_IN),
    Row("PUT /favourites/{username}", SIGNED_IN),
    Row("DELETE /favourites/{username}", SIGNED_IN),
    Row("GET /hidden-customers", SIGNED_IN),
    Row("PUT /hidden-customers/{username}", SIGNED_IN),
    Row("DELETE /hidden-customers/{username}", SIGNED_IN),
]
PAGES = [
    page("GET /freelancers", 200, 200),
    page("GET /@{username}", 200, 200),
    page("GET /@{username}/card.png", 200, 200),
    page("POST /@{username}/{step}", 401, 303, fixed={"step": "keep"}),
    page("GET /my/favourites", 401, 200),
    page("GET /my/hidden", 401, 200),
    page("GET /settings/public-profile", 401, 200),
    page("POST /settings/public-profile", 401, 303, body={"headline": "Одна строка", "recommendations": "1"}),
    page("GET /my/face", 401, 204),
    page("GET /settings/photo", 401, 200),
    page("POST /settings/photo", 401, 422),
    page("POST /settings/photo/part", 401, 422),
    page("POST /settings/photo/remove", 401, 303),
    page("GET /settings/portfolio", 401, 200),
    page("GET /settings/portfolio/new", 401, 200),
    page("POST /settings/portfolio/new", 401, 303, body={"title": "Работа"}),
    page("GET /settings/portfolio/{item_id}", 401, 404, 404, 200, 404),
    page("POST /settings/portfolio/{item_id}", 401, 404, 404, 303, 404, body={"title": "Работа"}),
    page("POST /settings/portfolio/{item_id}/move", 401, 404, 404, 303, 404, body={"to": "up"}),
    page("GET /settings/portfolio/{item_id}/remove", 401, 404, 404, 200, 404),
    page("POST /settings/portfolio/{item_id}/remove", 401, 404, 404, 303, 404),
]
