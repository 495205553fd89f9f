"""How the process that looks into files says no."""


class RefusedError(Exception):
    """The file is not to be taken; `reason` is one of `models.file.FileRefusal`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
