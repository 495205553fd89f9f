"""The share image (Open Graph) of a profile."""

from dataclasses import replace
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.core.http.dependencies import FeatureRouter, ProcessResources
from app.core.i18n import _, use_locale
from app.features.files import service as files
from app.features.profiles import service
from app.features.profiles.schemas import ProfileRead
from app.gateways.share_images.renderer import ShareCard, draw
from app.web.formatting import initials, money
from app.web.share_images import content_hash, share_image_response

router = FeatureRouter()
MAX_SKILLS = 8


@router.get("/@{username}/card.png")
async def share_person(
    request: Request, username: str, resources: ProcessResources, lang: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """Render a profile's name, headline, skills and rate, as a guest sees them."""
    async with resources.read_sessions() as session:
        with use_locale(lang):
            profile = await service.get_profile(session, resources, None, username)
            card = _card(profile)
        face = await files.find_preview(session, service.photo_subject(profile.id))

    async def drawing() -> bytes:
        content = await files.whole(resources, face) if face else None
        return await draw(resources, replace(card, face=content), mark)

    mark = content_hash(card, face.sha256 if face else None)
    return await share_image_response(request, mark, drawing)


def _card(profile: ProfileRead) -> ShareCard:
    return ShareCard(
        title=profile.name,
        text=profile.headline or _("{name} on ipLance").format(name=profile.name),
        chips=tuple(skill.name for skill in profile.skills[:MAX_SKILLS]),
        corner=_("{amount} an hour").format(amount=money(profile.rate)) if profile.rate else "",
        letters=initials(profile.name),
    )
