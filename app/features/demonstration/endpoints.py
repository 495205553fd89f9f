"""JSON endpoints of the clock of a demonstration."""

from datetime import timedelta

from app.core.http.dependencies import FeatureRouter, ProcessResources
from app.core.http.problem_details import refusals
from app.features.authentication.dependencies import CurrentActor
from app.features.demonstration import service, workflows
from app.features.demonstration.errors import ClockNotTurnableError, ClockStepError
from app.features.demonstration.schemas import ClockInput, ClockRead, TurnedClockRead

router = FeatureRouter(tags=["demonstration"])


@router.get("/clock", responses=refusals(ClockNotTurnableError))
async def get_clock(resources: ProcessResources) -> ClockRead:
    """Return the time of a demonstration, and by how much it was turned forward."""
    return service.read_clock(resources)


@router.post("/clock", responses=refusals(ClockNotTurnableError, ClockStepError))
async def turn_clock(command: ClockInput, actor: CurrentActor, resources: ProcessResources) -> TurnedClockRead:
    """Turn the clock of a demonstration forward; what has become due happens within seconds."""
    followed = await workflows.turn_clock(resources, actor, timedelta(seconds=command.seconds))
    return TurnedClockRead(**service.read_clock(resources).model_dump(), payments_followed=followed)
