"""Who may decide about corrections."""

from app.core.actor import Actor
from app.models.user import Role


def may_approve(actor: Actor) -> bool:
    """Tell whether the actor may decide about corrections that others have proposed."""
    return actor.has(Role.FINANCE_APPROVER) or actor.has(Role.ADMIN)
