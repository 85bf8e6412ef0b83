"""What an execution may use of the machine, and whom it tells how far it is."""

from __future__ import annotations

from collections.abc import Callable


class Settings:
    """What an execution may use.

    Attributes:
        threads: the most threads; None: as many as there are processors for this process.
        max_memory: the most bytes of arrays at a time, inputs apart; None: no limit.
        progress: called now and then in the executing thread with the fraction that is done.
    """

    __slots__ = ("max_memory", "progress", "threads")

    def __init__(self) -> None:
        self.threads: int | None = None
        self.max_memory: int | None = None
        self.progress: Callable[[float], None] | None = None


settings = Settings()
