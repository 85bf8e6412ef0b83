"""The line that says how far something is: rich's bar, per cent, and the time that is left."""

from __future__ import annotations

import io
from collections.abc import Callable
from math import ceil

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

WIDTH = 24


class Line:
    """Makes the line, and knows from the lines before it how fast it goes.

    rich's own display would hide the cursor, and leave it so where the process is killed.

    Args:
        clock: gives seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.layout = Progress(
            BarColumn(WIDTH),
            TaskProgressColumn(),
            TextColumn("{task.description}"),
            console=Console(file=io.StringIO(), force_terminal=True),
            auto_refresh=False,
            get_time=clock,
        )
        self.task = self.layout.add_task("", total=None)

    def text(self, share: float, done: str) -> str:
        """The line, at most as wide as the terminal.

        Args:
            share: what is finished of 1; 0 if nobody knows.
            done: what is finished, in words.
        """
        layout = self.layout
        layout.update(self.task, completed=share, total=1.0 if share else None)
        left = layout.tasks[0].time_remaining
        said = [done] if done else []
        said += [] if left is None else [f"{_clock(ceil(left))} left"]
        layout.update(self.task, description="  ".join(said))
        with layout.console.capture() as capture:
            layout.console.print(layout.make_tasks_table(layout.tasks), no_wrap=True)
        return capture.get().split("\n", 1)[0]


def _clock(seconds: int) -> str:
    """Seconds as a clock shows them.

    >>> _clock(75), _clock(3675)
    ('1:15', '1:01:15')
    """
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
