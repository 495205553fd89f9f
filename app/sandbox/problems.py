"""The refusals of the sandbox provider's API."""


class Problem(Exception):  # noqa: N818 - an answer of the API, not a bug
    """A request that is refused, with a code for programs and a sentence for people."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
