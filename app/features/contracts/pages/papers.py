"""Downloads of the papers of deals, and their signatures by a code."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from app.core.errors import ConflictError, DomainError
from app.core.http.dependencies import FeatureRouter, PostedForm, ProcessResources, ReadSession, Uow
from app.core.i18n import _
from app.features.authentication.dependencies import ClientInfo, CurrentActor
from app.features.contracts import service
from app.features.papers import service as papers
from app.features.papers import workflows
from app.features.papers.errors import PaperNotFoundError, WrongSignCodeError
from app.features.papers.schemas import MEDIA_TYPE
from app.web.flash import redirect
from app.web.templating import render

router = FeatureRouter()


@router.get("/papers/{paper_id}")
async def download_paper(paper_id: UUID, actor: CurrentActor, resources: ProcessResources) -> Response:
    """Return the file of a paper to a person that it concerns."""
    file = await workflows.read_paper(resources, actor, paper_id)
    return Response(file.content, media_type=MEDIA_TYPE, headers=file.headers)


@router.get("/papers/{paper_id}/sign")
async def sign_form(request: Request, paper_id: UUID, actor: CurrentActor, session: ReadSession) -> Response:
    """Show the form that sends a code and takes it."""
    paper = await papers.get_paper(session, paper_id, actor)
    if paper.file is None or paper.file.contract_id is None:
        raise PaperNotFoundError
    shown = {"paper": papers.read(paper), "home": f"/contracts/{paper.file.contract_id}"}
    return render(request, "contracts/sign.html", shown)


@router.post("/papers/{paper_id}/sign-code")
async def send_code(paper_id: UUID, actor: CurrentActor, uow: Uow) -> Response:
    """Send a code by e-mail."""
    done = await uow.attempt(service.send_sign_code(uow, actor, paper_id), ConflictError)
    address = f"/papers/{paper_id}/sign"
    if isinstance(done, DomainError):
        return redirect(address, done.text(), "warn")
    return redirect(address, _("We have sent you a code by e-mail. It is valid for ten minutes."))


@router.post("/papers/{paper_id}/sign")
async def sign_paper(paper_id: UUID, actor: CurrentActor, caller: ClientInfo, form: PostedForm, uow: Uow) -> Response:
    """Sign a paper by the code."""
    signing = service.sign_paper(uow, actor, paper_id, str(form.get("code", "")), caller)
    done = await uow.attempt(signing, ConflictError, WrongSignCodeError)
    if isinstance(done, DomainError):
        return redirect(f"/papers/{paper_id}/sign", done.text(), "warn")
    return redirect(f"/contracts/{done}", _("You have signed the document."))
