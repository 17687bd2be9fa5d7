"""What a check of an image cannot do without: decode, resize, score; without a service around it."""

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from inference.manifest import manifest_path, read_model, shipped_manifest_path
from inference.model import Model
from inference.network import output_names
from inference.session import open_session

Check = Callable[[], object]


def bare_check(path: Path | None, model: Model, jpeg: bytes) -> Check:
    """One image through Pillow and ONNX Runtime, with the file, provider and options that `model` has.

    The JPEG is decoded to as few pixels as its blocks allow that are still twice the detector's input, as ours is: with
    fewer, scores move.
    """
    source = shipped_manifest_path() if path is None else manifest_path(path)
    manifest = model.manifest
    session, _ = open_session(read_model(manifest, source.parent, model.variant), model.provider, source)
    size_px = (manifest.input.width, manifest.input.height)
    names = output_names(manifest)

    def check() -> object:
        with Image.open(io.BytesIO(jpeg)) as image:
            image.draft("RGB", (2 * max(size_px), 2 * max(size_px)))
            small = image.convert("RGB").resize(size_px, Image.Resampling.BOX)
        pixels = np.asarray(small)[np.newaxis]
        return session.run(names, {manifest.input.name: manifest.input.preparation.apply(pixels)})

    return check


def rate(check: Check, *, seconds: float, threads: int) -> float:
    """How many are done in a second."""
    check()
    counts = [0] * threads
    started_s = time.perf_counter()

    def work(number: int) -> None:
        while time.perf_counter() - started_s < seconds:
            check()
            counts[number] += 1

    running = [threading.Thread(target=work, args=(number,), name=f"bare-{number}") for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(counts) / (time.perf_counter() - started_s)
