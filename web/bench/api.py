"""`gorewatch bench api`: what checks of `/1.0` cost, through the whole service and HTTP.

- `vs_bare`: images a second by upload, 32 at once, JPEG 1280×720, over a loop of the bare parts (Pillow decodes and
  resizes, ONNX Runtime's session scores) in as many threads as there are processors; in turns. Who sends them shares
  the processors with the service, and counts against it.
- `realtime_factor`: seconds of 720p30 H.264 for a second that a check of the whole clip takes, at interval 1.
- `p50_ms`, `p99_ms`: of one image check after the other, while live streams are watched; `p99_vs_p50`.
- `jpeg_48mp_vs_2mp`: CPU seconds of service and workers for the same picture in 48 megapixels over 2;
  `bare_48mp_vs_2mp` is the same of the bare parts.
- `mb_left`: resident memory of service and workers after so many more requests over that before.
- `upload_peak`: the most that they held during an upload of 12 MB over that before, by the size of the upload.
"""

import asyncio
import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp

from inference.model import Model

from ..configuration import load_settings
from .api_bare import Check, bare_check, rate
from .api_figures import Measured, Round, figures
from .api_load import Upload, highest_mb, per_second, repeated, send, upload
from .api_material import CLIP_S, clip_of, padded, picture
from .material import GOP_S, write_live
from .measure import cpu_s, report, resident_mb, say
from .serving import Publishers, Running, all_scored, api_of, publishers, running_service

_IMAGE, _VIDEO = "/1.0/check.json", "/1.0/video/check-sync.json"
_CONCURRENCY = 32
_USUAL_PX, _SMALL_PX = (1280, 720), (1632, 1224)
_UPLOAD_BYTES = 12_000_000
_TIMEOUT = aiohttp.ClientTimeout(total=120.0)
_EACH_S = 0.1
"""Between two streams that are added."""
_POLICY = {"fps": 0.5, "adaptive": False}
_SPARE_S = 180.0
_BARE_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    streams: int
    rounds: int
    turn_s: float
    clips: int
    pairs: int
    """Of a large and a small picture."""
    warm: int
    requests: int
    beside_s: float
    settle_s: float = 1.0
    """Before memory is weighed."""
    large_px: tuple[int, int] = (8000, 6000)


_WHOLE = Plan(streams=50, rounds=5, turn_s=6.0, clips=5, pairs=10, warm=200, requests=1000, beside_s=60.0)
_QUICK = Plan(streams=5, rounds=1, turn_s=2.0, clips=1, pairs=2, warm=50, requests=100, beside_s=5.0)


def main(*, seconds: float | None, quick: bool, streams: int | None = None) -> None:
    """Measure and print; `seconds` is how long images are checked beside live streams (default 60, quick 5).

    Raises `CommandError` when it could not run.
    """
    usual = _QUICK if quick else _WHOLE
    plan = replace(
        usual,
        streams=usual.streams if streams is None else streams,
        beside_s=usual.beside_s if seconds is None else seconds,
    )
    with tempfile.TemporaryDirectory(prefix="gorewatch-bench-") as name:
        folder = Path(name)
        live = write_live(folder, plan.beside_s + plan.streams * _EACH_S + _SPARE_S)
        say(f"writing a clip of {CLIP_S} s and pictures …")
        material = Material(picture(*_USUAL_PX), clip_of(folder).read_bytes(), CLIP_S)
        with (
            publishers(live, gop_s=GOP_S) as published,
            running_service(folder, max_streams=max(plan.streams, 1)) as service,
        ):
            found = asyncio.run(measured(plan, material, published, service))
    report("api", figures(found))


@dataclass(frozen=True, slots=True)
class Material:
    """What is sent: the bytes of a JPEG, and of a clip of so many seconds."""

    image: bytes
    clip: bytes
    clip_s: float


async def measured(plan: Plan, material: Material, published: Publishers, service: Running) -> Measured:
    """Everything, one after the other. Raises `CommandError`."""
    image = material.image
    sent, video = upload(_IMAGE, "a.jpg", image), upload(_VIDEO, "clip.mp4", material.clip, interval="1")
    async with aiohttp.ClientSession(
        service.url, timeout=_TIMEOUT, connector=aiohttp.TCPConnector(limit=_CONCURRENCY)
    ) as http:
        rounds = await _against_bare(plan, http, sent, image)
        say(f"a clip of {material.clip_s:g} s, {plan.clips} times …")
        clips_s = [await send(http, video) for _ in range(plan.clips)]
        large = await asyncio.to_thread(picture, *plan.large_px)
        small = await asyncio.to_thread(picture, *_SMALL_PX)
        large_s, small_s = await _large_against_small(plan, http, service, large, small)
        bare_s = [await asyncio.to_thread(_bare_cpu_s, one) for one in (large, small)]
        say(f"an upload of {_UPLOAD_BYTES / 1e6:g} MB …")
        peak_mb = await _upload_peak_mb(plan, http, service, image)
        say(f"{plan.requests} images, and the memory that they leave …")
        left_mb = await _left_mb(plan, http, service, sent)
        beside_s = await _beside(plan, http, sent, published, service)
    return Measured(
        rounds=rounds,
        clip_s=material.clip_s,
        clips_s=clips_s,
        large_cpu_s=large_s,
        small_cpu_s=small_s,
        bare_large_vs_small=bare_s[0] / bare_s[1],
        large_mb=len(large) / 1e6,
        upload_mb=_UPLOAD_BYTES / 1e6,
        upload_peak_mb=peak_mb,
        requests=plan.requests,
        left_mb=left_mb,
        streams=plan.streams,
        beside_s=beside_s,
        concurrency=_CONCURRENCY,
        image_kb=len(image) / 1e3,
    )


async def _against_bare(plan: Plan, http: aiohttp.ClientSession, sent: Upload, image: bytes) -> list[Round]:
    bare = await asyncio.to_thread(_bare, image)
    await repeated(http, sent, times=2 * _CONCURRENCY, concurrency=_CONCURRENCY)
    rounds = []
    for number in range(plan.rounds):
        say(f"{_CONCURRENCY} images at once against the bare parts, round {number + 1} of {plan.rounds} …")
        used_s, started_s = time.process_time(), time.monotonic()
        ours = await per_second(http, sent, seconds=plan.turn_s, concurrency=_CONCURRENCY)
        sender = (time.process_time() - used_s) / (time.monotonic() - started_s)
        theirs = await asyncio.to_thread(rate, bare, seconds=plan.turn_s, threads=os.cpu_count() or 1)
        rounds.append(Round(ours_per_s=ours, bare_per_s=theirs, sender_cpus=sender))
    return rounds


def _bare(image: bytes) -> Check:
    settings = load_settings()
    model = Model.load(settings.model, provider=settings.provider, variant=settings.variant)
    try:
        return bare_check(settings.model, model, image)
    finally:
        model.close()


def _bare_cpu_s(image: bytes) -> float:
    """CPU seconds of one check by the bare parts: the least of a few."""
    check = _bare(image)
    check()
    spent = []
    for _ in range(_BARE_TRIES):
        before_s = time.process_time()
        check()
        spent.append(time.process_time() - before_s)
    return min(spent)


async def _large_against_small(
    plan: Plan, http: aiohttp.ClientSession, service: Running, large: bytes, small: bytes
) -> tuple[list[float], list[float]]:
    """CPU seconds of one check each, in turns."""
    say(f"48 megapixels against 2, {plan.pairs} times …")
    uploads = {"large": upload(_IMAGE, "a.jpg", large), "small": upload(_IMAGE, "a.jpg", small)}
    spent: dict[str, list[float]] = {name: [] for name in uploads}
    for sent in uploads.values():
        await send(http, sent)
    for _ in range(plan.pairs):
        for name, sent in uploads.items():
            before_s = cpu_s(service.pids())
            # A kernel tells time in hundredths of a second.
            await repeated(http, sent, times=4, concurrency=1)
            spent[name].append((cpu_s(service.pids()) - before_s) / 4)
    return spent["large"], spent["small"]


async def _upload_peak_mb(plan: Plan, http: aiohttp.ClientSession, service: Running, image: bytes) -> float:
    sent = upload(_IMAGE, "a.jpg", padded(image, _UPLOAD_BYTES))
    await send(http, sent)
    peaks = []
    for _ in range(3):
        await asyncio.sleep(plan.settle_s)
        before_mb = resident_mb(service.pids())
        async with highest_mb(service.pids()) as highest:
            await send(http, sent)
        peaks.append(max(highest) - before_mb)
    return max(peaks)


async def _left_mb(plan: Plan, http: aiohttp.ClientSession, service: Running, sent: Upload) -> float:
    await repeated(http, sent, times=plan.warm, concurrency=_CONCURRENCY)
    await asyncio.sleep(plan.settle_s)
    before_mb = resident_mb(service.pids())
    await repeated(http, sent, times=plan.requests, concurrency=_CONCURRENCY)
    await asyncio.sleep(plan.settle_s)
    return resident_mb(service.pids()) - before_mb


async def _beside(
    plan: Plan, http: aiohttp.ClientSession, sent: Upload, published: Publishers, service: Running
) -> list[float]:
    """Seconds that each check took, one after the other, beside live streams."""
    async with api_of(service) as api:
        say(f"adding {plan.streams} live streams …")
        for number in range(plan.streams):
            await api.add(published.url, f"live-{number}", _POLICY)
            await asyncio.sleep(_EACH_S)
        await all_scored(api, plan.streams)
    say(f"images one after the other beside {plan.streams} live streams for {plan.beside_s:g} s …")
    took_s, until_s = list[float](), time.monotonic() + plan.beside_s
    while not took_s or time.monotonic() < until_s:
        took_s.append(await send(http, sent))
    return took_s
