"""What `benchmarks/alerts.py` does, from the stills to the tables."""

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from inference.model import Model
from inference.policy import Policy

from ...commands.common import CommandError
from ..measure import commit, machine, report, say
from .figures import curve_policies, ending_policies, replayed
from .kept import keep, read_kept
from .material import Material, drawn_material, read_material
from .plan import Mix, Timeline, ordinary_timelines, passage_timelines
from .plot import write_plot
from .record import Recorded, RecordingFailed, record_all
from .replay import Recording, spans
from .report import markdown, values

FIGURES_BEGIN, FIGURES_END = "<!-- figures: written by benchmarks/alerts.py -->", "<!-- end of figures -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the script."""

    data: Path | None
    hours: float
    passages: int
    """Of each length."""
    hard: float
    """Share of the ordinary shots that are hard negatives."""
    model: Path | None
    provider: str
    variant: str
    threads: int
    seed: int
    keep: Path | None
    replay: Path | None
    plot: Path | None
    write: Path | None


def main(asked: Asked) -> None:
    """Record or read scores, replay them, print the tables and then one JSON line. Raises `CommandError`."""
    _check_document(asked.write)
    _make_folders(asked.keep, asked.plot)
    if asked.replay is not None:
        origin, recordings = read_kept(asked.replay)
    else:
        origin, recordings = _recorded(asked)
        if asked.keep is not None:
            keep(asked.keep, origin, recordings)
            say(f"scores kept in {asked.keep}")
    styles = {one.timeline.style for one in recordings}
    if "passages" not in styles or len(styles) < 2:
        raise CommandError("The recorded scores lack passages or ordinary timelines; record them anew with --keep.")
    _present(asked, origin, recordings)


def plan(material: Material, asked: Asked) -> list[Timeline]:
    """The ordinary timelines and those with passages; the same for the same seed and material."""
    rng = np.random.default_rng(asked.seed)
    mix = Mix(material.ordinary, asked.hard, rng)
    ordinary = ordinary_timelines(asked.hours, mix, rng)
    return [*ordinary, *passage_timelines(material.gore, asked.passages, mix, rng, first_number=len(ordinary))]


def _recorded(asked: Asked) -> tuple[dict[str, JsonValue], list[Recording]]:
    model = Model.load(asked.model, provider=asked.provider, variant=asked.variant)
    with tempfile.TemporaryDirectory(prefix="gorewatch-alerts-") as name:
        scratch = Path(name)
        material = read_material(asked.data) if asked.data is not None else drawn_material(scratch)
        timelines = plan(material, asked)
        model.warm()
        started_s = time.monotonic()
        recorded = _record(timelines, material, scratch, model, asked.threads)
        wall_s = time.monotonic() - started_s
    recordings = [one.recording for one in recorded]
    origin: dict[str, JsonValue] = {
        "model": {key: getattr(model.manifest, key) for key in ("name", "version", "sha256")},
        "provider": model.provider,
        "variant": model.variant,
        "material": material.name,
        "seed": asked.seed,
        "hard_share": asked.hard,
        "ordinary_hours": asked.hours,
        "passages_each": asked.passages,
        "stills": {"ordinary": len(material.ordinary), "gore": len(material.gore)},
        "stills_shown": _stills_shown(recordings),
        "samples": sum(len(one.raw) for one in recordings),
        "wall_s": round(wall_s, 1),
        "threads": asked.threads,
    }
    model.close()
    return origin, recordings


def _record(
    timelines: Sequence[Timeline], material: Material, scratch: Path, model: Model, threads: int
) -> list[Recorded]:
    progress = _Progress(sum(timeline.duration_s for timeline in timelines), len(timelines))
    policy = Policy()
    try:
        recorded = asyncio.run(
            record_all(
                timelines, material.folder, scratch, model=model, policy=policy, threads=threads, tell=progress.tell
            )
        )
    except RecordingFailed as error:
        raise CommandError(str(error)) from error
    for one in recorded:
        own = replace(policy, fps=one.recording.fps)
        if [span.start_s for span in spans(one.recording, own)] != list(one.starts_s):
            raise CommandError(
                f"Replaying timeline {one.recording.timeline.number} gave other incidents than the path."
            )
    return recorded


class _Progress:
    """Says how far it got, a timeline at a time."""

    def __init__(self, all_s: float, count: int) -> None:
        self._all_s = all_s
        self._count = count
        self._done_s = 0.0
        self._done = 0
        self._started_s = time.monotonic()

    def tell(self, recorded: Recorded) -> None:
        timeline = recorded.recording.timeline
        self._done += 1
        self._done_s += timeline.duration_s
        elapsed_s = time.monotonic() - self._started_s
        left_s = elapsed_s * (self._all_s / self._done_s - 1.0)
        say(
            f"{self._done} of {self._count} timelines, {self._done_s / 3600.0:.2f} stream-hours, {timeline.style}: "
            f"{len(recorded.starts_s)} incidents; about {left_s / 60.0:.0f} min left"
        )


def _present(asked: Asked, origin: dict[str, JsonValue], recordings: Sequence[Recording]) -> None:
    say("replaying …")
    policy = Policy()
    default, *rest = replayed(recordings, [policy, *curve_policies(policy), *ending_policies(policy)])
    endings = rest[len(curve_policies(policy)) :]
    varied = [one for one in rest[: len(curve_policies(policy))] if one.quiet().hours]
    text = markdown(default, varied, endings)
    print(text)
    if asked.plot is not None:
        write_plot(asked.plot, varied, default)
    if asked.write is not None:
        _write_into(asked.write, f"{_described(origin)}\n\n{text}")
    report("alerts", {**origin, **values(default, varied)})


def _stills_shown(recordings: Sequence[Recording]) -> dict[str, JsonValue]:
    shown = {shot.still for one in recordings for shot in one.timeline.shots}
    gore = sum(still.gore for still in shown)
    return {"ordinary": len(shown) - gore, "gore": gore}


def _make_folders(*files: Path | None) -> None:
    for file in files:
        if file is not None:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CommandError(f"{file.parent} cannot be made ({error}); name another folder.") from error


def _check_document(path: Path | None) -> None:
    """Before an hour of scoring, not after it."""
    if path is None:
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(
            f"{path} cannot be read ({error}); --write takes a document with places for figures."
        ) from error
    if text.find(FIGURES_BEGIN) < 0 or text.find(FIGURES_END) < text.find(FIGURES_BEGIN):
        raise CommandError(f"{path} lacks the lines {FIGURES_BEGIN} and {FIGURES_END}, between which figures go.")


def _write_into(path: Path, figures: str) -> None:
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(FIGURES_BEGIN)
    _, _, after = rest.partition(FIGURES_END)
    path.write_text(f"{before}{FIGURES_BEGIN}\n\n{figures}\n{FIGURES_END}{after}", encoding="utf-8")


def _described(origin: dict[str, JsonValue]) -> str:
    """One paragraph on what was measured with what."""
    facts = ", ".join(f"{key.replace('_', ' ')}: {json.dumps(value)}" for key, value in origin.items())
    return f"Commit {commit()}; {machine()}; {facts}."
