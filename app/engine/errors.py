"""What the engine refuses: a contradictory lifecycle, a move nobody declared."""

from __future__ import annotations

from collections.abc import Sequence


class EngineError(Exception):
    """Base of what the engine refuses."""


class Contradiction(EngineError):
    """A lifecycle contradicts itself. Carries every fault found, one sentence each."""

    def __init__(self, subject: str, faults: Sequence[str]) -> None:
        super().__init__(f"{subject}: {len(faults)} faults\n- " + "\n- ".join(faults))
        self.subject = subject
        self.faults = tuple(faults)


class WrongState(EngineError):
    """No declared transition of this name leads from the state to the destination."""

    def __init__(self, state: str, transition: str, to: str) -> None:
        super().__init__(f"“{transition}” does not lead from “{state}” to “{to}”.")
        self.state = state
        self.transition = transition
        self.to = to
