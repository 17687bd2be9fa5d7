"""The files that `gorewatch scan` writes beside its answer."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ..reports.page import page
from ..reports.values import MediaReport, Report
from .seeing import Wanted, wanted_of
from .targets import check_target, write_whole

_PLOT, _REPORT = "--plot", "--report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Where a drawing and a page go; None where neither is asked for."""

    plot: Path | None
    report: Path | None

    def check(self, inputs: Sequence[str]) -> None:
        """Before the work begins. Raises `CommandError` for what cannot be written."""
        if self.plot is not None:
            check_target(self.plot, option=_PLOT, others=inputs)
        if self.report is not None:
            check_target(self.report, option=_REPORT, others=[*inputs, *([] if self.plot is None else [self.plot])])

    def wanted(self, inputs: int) -> Wanted:
        """What is to be gathered for them."""
        if self.plot is None and self.report is None:
            return Wanted(points=2, frames=False)
        return wanted_of(inputs, frames=self.report is not None)

    def write(self, media: Sequence[MediaReport], *, detector: str) -> None:
        """Raises `CommandError` when one cannot be written."""
        if self.plot is not None:
            from ..reports.plot import plot

            write_whole(self.plot, plot(media), option=_PLOT)
        if self.report is not None:
            report = Report(
                made_s=time.time(), made_by=f"gorewatch {version('gorewatch')}", detector=detector, media=tuple(media)
            )
            write_whole(self.report, page(report).encode(), option=_REPORT)
