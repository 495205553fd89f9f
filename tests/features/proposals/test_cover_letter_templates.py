"""Cover letter templates: created, used in a form without scripts, changed, deleted, and their limit."""

import httpx

from app.features.proposals.service.cover_letter_templates import MAX_COVER_LETTER_TEMPLATES
from tests.factories.orders import Market
from tests.features.proposals.test_pages import NewClient, Visitor, words

API = "/api/v1/letter-templates"


async def test_a_form_begins_with_a_kept_letter(market: Market, new_client: NewClient) -> None:
    order, anna = await market.order(), await market.person("anna")
    freelancer = Visitor(await market.sign_in(await new_client(), anna))
    assert "No letters yet" in words(await freelancer.get("/my/letters"))
    form = await freelancer.get("/my/letters/new")
    wrong = await freelancer.send(form, "/my/letters/new", 422, name="", letter="Делал похожее.")
    assert {str(item["href"]) for item in wrong.select(".summary a")} == {"#field-name"}
    kept = await freelancer.send(wrong, "/my/letters/new", name="О магазинах", letter="Делал похожее.")
    address = str(kept.select_one('a[href^="/my/letters/0"]')["href"])  # type: ignore[index]  # it is there
    page = await freelancer.get(f"/orders/{order.id}")
    chip = page.find("a", string="О магазинах")
    assert chip is not None
    begun = await freelancer.get(str(chip["href"]))
    assert begun.select_one("#field-letter").text.strip() == "Делал похожее."  # type: ignore[union-attr]  # it is there
    sent = await freelancer.send(
        begun, f"/orders/{order.id}/proposals", price="70 000", term_days="14", letter="Делал похожее. Начну завтра."
    )
    again = sent.select_one('a[href^="/my/letters/new?proposal="]')
    assert again is not None
    copied = await freelancer.get(str(again["href"]))
    assert copied.select_one("#field-letter").text.strip() == "Делал похожее. Начну завтра."  # type: ignore[union-attr]
    editor = await freelancer.get(address)
    wrong = await freelancer.send(editor, address, 422, name="О магазинах", letter=" ")
    saved = await freelancer.send(wrong, address, name="О лавках", letter="Делал лавки.")
    assert "О лавках" in words(saved)
    gone = await freelancer.send(saved, f"{address}/delete")
    assert "The letter is gone." in words(gone)


async def test_a_person_keeps_so_many(market: Market, client: httpx.AsyncClient) -> None:
    await market.sign_in(client, await market.person())
    body = {"name": "Письмо", "letter": "Сделаю."}
    kept = [await client.post(API, json=body) for _ in range(MAX_COVER_LETTER_TEMPLATES)]
    assert {answer.status_code for answer in kept} == {201}
    full = await client.post(API, json=body)
    assert (full.status_code, full.json()["code"]) == (409, "too-many-letters")
    changed = await client.put(f"{API}/{kept[0].json()['id']}", json=body | {"name": "Другое"})
    assert changed.json()["name"] == "Другое"
    assert (await client.delete(f"{API}/{kept[0].json()['id']}")).status_code == 204
    gone = await client.delete(f"{API}/{kept[0].json()['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "letter-not-found")
    assert len((await client.get(API)).json()["items"]) == MAX_COVER_LETTER_TEMPLATES - 1
    refused = await client.get("/my/letters/new", headers={"Accept": "text/html"})
    form = {"csrf_token": client.headers["X-CSRF-TOKEN"], **body}
    assert refused.status_code == 200
    await client.post(API, json=body)
    full = await client.post("/my/letters/new", data=form)
    assert full.status_code == 422
    assert "You keep 20 letters already." in full.text
