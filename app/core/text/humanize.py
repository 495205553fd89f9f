"""Format file sizes for people."""

from app.core.i18n import _, current_locale

STEP = 1024


def format_size(size: int) -> str:
    """Format a number of bytes, such as `4.2 MB` or `4,2 МБ`."""
    if size < STEP:
        return _("{count} B").format(count=size)
    value = size / STEP
    for unit in (_("{count} KB"), _("{count} MB")):
        if value < STEP:
            return unit.format(count=_number(value))
        value /= STEP
    return _("{count} GB").format(count=_number(value))


def _number(value: float) -> str:
    """Format with one decimal below ten, none above."""
    text = f"{value:.1f}".removesuffix(".0") if value < 10 else f"{value:.0f}"  # noqa: PLR2004 - two digits are enough
    return text.replace(".", ",") if current_locale() == "ru" else text
