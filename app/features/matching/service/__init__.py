"""What brings orders and people together: one verb per function, grouped by who needs it."""

from app.features.matching.service.counting import COUNT_TASK, count_stale_customers, mark_all_customers, note_deed

__all__ = ["COUNT_TASK", "count_stale_customers", "mark_all_customers", "note_deed"]
