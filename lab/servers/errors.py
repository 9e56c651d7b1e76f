"""What can go wrong with a private server."""


class LabError(Exception):
    """The base of everything that the lab raises."""


class ServerUnavailable(LabError):
    """A server that is neither installed nor installable here; the message says what to install."""

    def __init__(self, name: str, advice: str) -> None:
        super().__init__(f"{name} is not available: {advice}")
        self.name = name
        self.advice = advice


class ServerFailed(LabError):
    """A server that did not start, answer or stop; the message ends with the tail of its log."""

    def __init__(self, name: str, reason: str, log: str = "") -> None:
        super().__init__(f"{name} {reason}\n{log}".rstrip())
        self.name = name
        self.reason = reason
