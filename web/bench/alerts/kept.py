"""Recorded scores in a file, so that they can be replayed without scoring again: gzipped JSON, nothing else in it."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, JsonValue, ValidationError

from ...commands.common import CommandError
from .plan import Shot, Still, Style, Timeline
from .replay import Recording


class _Kept(BaseModel):
    number: int
    style: Style
    frames_per_s: int
    seed: int
    samples_per_s: float
    shots: list[tuple[str, str, bool, bool, float, float]]
    """File, category, gore, hard, start and end."""
    positions_s: list[float]
    raw: list[float]


class _File(BaseModel):
    origin: dict[str, JsonValue]
    recordings: list[_Kept]


def keep(path: Path, origin: dict[str, JsonValue], recordings: Sequence[Recording]) -> None:
    """Write them; `origin` is JSON that says what they were recorded with."""
    content = _File(origin=origin, recordings=[_packed(recording) for recording in recordings])
    path.write_bytes(gzip.compress(content.model_dump_json().encode()))


def read_kept(path: Path) -> tuple[dict[str, JsonValue], list[Recording]]:
    """What `keep` wrote: the origin and the recordings. Raises `CommandError` for any other file."""
    try:
        content = _File.model_validate_json(gzip.decompress(path.read_bytes()))
        return content.origin, [_unpacked(kept) for kept in content.recordings]
    except (OSError, EOFError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise CommandError(f"{path} holds no recorded scores ({reason}); write one with --keep.") from error


def _packed(recording: Recording) -> _Kept:
    timeline = recording.timeline
    return _Kept(
        number=timeline.number,
        style=timeline.style,
        frames_per_s=timeline.fps,
        seed=timeline.seed,
        samples_per_s=recording.fps,
        shots=[
            (shot.still.file, shot.still.category, shot.still.gore, shot.still.hard, shot.start_s, shot.end_s)
            for shot in timeline.shots
        ],
        positions_s=recording.positions_s.tolist(),
        raw=[round(raw, 6) for raw in recording.raw.tolist()],
    )


def _unpacked(kept: _Kept) -> Recording:
    shots = tuple(
        Shot(Still(file, category, gore, hard), start_s, end_s)
        for file, category, gore, hard, start_s, end_s in kept.shots
    )
    timeline = Timeline(kept.number, kept.style, kept.frames_per_s, shots, kept.seed)
    return Recording(timeline, kept.samples_per_s, np.array(kept.positions_s), np.array(kept.raw))
