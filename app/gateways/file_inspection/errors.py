"""The error by which the inspecting process rejects a file."""


class RefusedError(Exception):
    """The file is rejected; `reason` is a `models.file.FileRefusal`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
