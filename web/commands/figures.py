"""Progress bar and tables of `gorewatch model eval`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from inference.evaluation import markdown
from inference.evaluation.report import Miss, Report
from inference.evaluation.run import Audience

_PLAIN_WIDTH = 160
_WORST_SHOWN = 5


class Bar(Audience):
    """Pictures that are done, on standard error."""

    def __init__(self, *, shown: bool) -> None:
        self._task: TaskID | None = None
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("pictures"),
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

    def begun(self, pictures: int) -> None:
        self._task = self._progress.add_task("Scoring", total=pictures)

    def advanced(self, pictures: int) -> None:
        if self._task is not None:
            self._progress.advance(self._task, pictures)


def print_report(report: Report, out: Path | None) -> None:
    """What matters most of it, on standard output; off a terminal wide enough to be searched line by line."""
    console = Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH, highlight=False)
    detector = report.setting.detector
    line = f"{detector.name} {detector.version} ({detector.variant}, {detector.provider}) on "
    console.print(Text(line + markdown.summary_line(report)))
    console.print(Text(markdown.interval_line(report)))
    console.print(_table(["figure", "value", "95 % interval"], markdown.figure_rows(report)))
    if report.categories:
        console.print(_table(*markdown.group_table("category", report.categories)))
    if report.sources:
        console.print(_table(*markdown.group_table("source", report.sources)))
    console.print(_table(["threshold", "precision", "recall", "false positives"], markdown.threshold_rows(report)))
    _print_worst(console, "Other pictures that were called gore", report.worst_false_positives)
    _print_worst(console, "Gore that was missed", report.worst_false_negatives)
    for one in report.unreadable:
        console.print(Text(f"Not read: {one.file}: {one.reason}", style="yellow"))
    if out is not None:
        console.print(Text(f"The whole report is in {out}."))


def _print_worst(console: Console, title: str, misses: Sequence[Miss]) -> None:
    if misses:
        console.print(Text(f"{title}, the worst first:"))
        console.print(_table(["prob", "file", "category"], markdown.miss_rows(misses[:_WORST_SHOWN])))


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table()
    for name in header:
        table.add_column(name, justify="left" if name in markdown.TEXT else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
