"""Permissions for reports."""

from app.core.actor import Actor
from app.models.report import Report


def is_reporter(actor: Actor, report: Report) -> bool:
    """Tell whether the actor sent the report."""
    return report.reporter_id == actor.id


def is_notified_side(actor: Actor, report: Report) -> bool:
    """Tell whether the actor is the reported user and was notified: only after a decision against them."""
    return report.reported_id == actor.id and report.rule is not None


def can_read(actor: Actor, report: Report) -> bool:
    """Tell whether the actor may read the report."""
    return is_reporter(actor, report) or is_notified_side(actor, report)
