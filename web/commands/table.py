"""Progress bars and the closing table of `gorewatch scan`."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from inference.events import Incident

from .scanning import Outcome

_PLAIN_WIDTH = 160
_NAME_CHARACTERS = 40
_INCIDENTS_SHOWN = 3


class Bars:
    """An `Audience`: one bar for each input that is being read, by its media seconds, on standard error."""

    def __init__(self, inputs: Sequence[str], *, shown: bool) -> None:
        self._names = [_shortened(name) for name in inputs]
        self._tasks: dict[int, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.completed:.0f} s of media"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not shown,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def opened(self, index: int, duration_s: float | None) -> None:
        if index not in self._tasks:
            self._tasks[index] = self._progress.add_task(self._names[index], total=duration_s)

    def advanced(self, index: int, position_s: float) -> None:
        if (task := self._tasks.get(index)) is not None:
            self._progress.update(task, completed=position_s)

    def closed(self, index: int) -> None:
        if (task := self._tasks.pop(index, None)) is not None:
            self._progress.remove_task(task)


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """The table, on standard output; off a terminal it is wide enough to be searched line by line."""
    table = Table("Media", "Verdict", "Highest prob", "Incidents", "Samples")
    for column in table.columns[2:]:
        column.justify = "right"
    table.columns[0].overflow = "fold"
    for outcome in outcomes:
        summary = outcome.summary
        table.add_row(
            Text(outcome.given),
            _verdict(outcome),
            "-" if summary.prob is None else f"{summary.prob:.4f}",
            Text(_incidents(outcome.incidents)),
            str(summary.operations),
        )
    Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH).print(table)


def _verdict(outcome: Outcome) -> Text:
    if outcome.summary.prob is None:
        return Text("not readable", style="yellow")
    text = Text("flagged", style="bold red") if outcome.flagged else Text("clear", style="green")
    return text if outcome.complete else text.append(", incomplete", style="yellow")


def _incidents(incidents: Sequence[Incident]) -> str:
    spans = [
        f"{_clock(incident.start_s)}-{'' if incident.end_s is None else _clock(incident.end_s)}"
        for incident in incidents[:_INCIDENTS_SHOWN]
    ]
    more = len(incidents) - len(spans)
    return ", ".join([*spans, *([f"{more} more"] if more else [])]) or "-"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME_CHARACTERS else f"…{name[-_NAME_CHARACTERS + 1 :]}"
