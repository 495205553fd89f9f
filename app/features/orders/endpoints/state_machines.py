"""JSON endpoints of the state machines, with labels in the reader's language."""

from app.core.http.dependencies import FeatureRouter, ProcessResources
from app.core.http.problem_details import refusals
from app.features.orders import service
from app.features.orders.errors import NoSuchMachineError
from app.features.orders.schemas import MachineList, MachineRead

router = FeatureRouter(prefix="/state-machines", tags=["orders"])


@router.get("")
async def list_state_machines(resources: ProcessResources) -> MachineList:
    """List all state machines: states, transitions with the side that may trigger them, and timers."""
    return MachineList(items=service.list_machines(resources.settings))


@router.get("/{name}", responses=refusals(NoSuchMachineError))
async def get_state_machine(name: str, resources: ProcessResources) -> MachineRead:
    """Return one state machine. Responds 404 for an unknown name."""
    return service.get_machine(resources.settings, name)
