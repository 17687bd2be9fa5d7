"""Random fields and cheap filters on float32 H × W arrays: what keeps drawn things from looking drawn."""

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Field = npt.NDArray[np.float32]


_SHEET_PX = 640
_WAVES_PX = tuple(4.0 * 1.45**step for step in range(13))


@cache
def _sheet(wave_px: float) -> Field:
    """One large piece of even noise with bumps about `wave_px` apart; the same in every process."""
    white = np.random.default_rng(round(wave_px * 1000)).standard_normal((_SHEET_PX, _SHEET_PX))
    down, across = np.fft.fftfreq(_SHEET_PX)[:, None], np.fft.rfftfreq(_SHEET_PX)[None, :]
    # Rings of the spectrum, not a grid of points: a grid shows as a lattice wherever noise meets a threshold.
    passed = np.exp(-0.5 * (np.hypot(down, across) * 1.6 * wave_px) ** 2)
    smooth = np.fft.irfft2(np.fft.rfft2(white) * passed, s=(_SHEET_PX, _SHEET_PX))
    sheet: Field = np.clip((smooth - smooth.mean()) * (0.48 / smooth.std()), -1.3, 1.3).astype(np.float32)
    return sheet


def field(height: int, width: int, cells: float, rng: np.random.Generator) -> Field:
    """Smooth noise in about [-1, 1], with some `cells` bumps along the longer side."""
    wave = max(height, width) / cells
    nearest = min(_WAVES_PX, key=lambda known: abs(np.log(known / wave)))
    room = _SHEET_PX - max(height, width)
    if room < 0:
        grid = rng.uniform(-1.0, 1.0, (max(2, round(height / wave) + 1), max(2, round(width / wave) + 1)))
        return resized(grid.astype(np.float32), height, width)
    top, left, turn = (int(number) for number in rng.integers(0, (room + 1, room + 1, 8)))
    sheet = _sheet(nearest) if turn < 4 else _sheet(nearest).T
    sheet = sheet[:: 1 if turn % 2 else -1, :: 1 if turn % 4 < 2 else -1]
    return sheet[top : top + height, left : left + width].copy()


def rough(height: int, width: int, cells: float, rng: np.random.Generator, *, octaves: int = 3) -> Field:
    """Noise of several scales, in about [-1, 1]: clouds, skin, rust."""
    total = field(height, width, cells, rng)
    for octave in range(1, octaves):
        total += field(height, width, cells * 2.2**octave, rng) * np.float32(0.55**octave)
    return total


def resized(values: npt.NDArray[np.floating], height: int, width: int) -> Field:
    """The field at another size."""
    picture = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32).copy()


def blurred(values: Field, radius_px: float) -> Field:
    """Gaussian blur of a field in [0, 1]; steps of 1 / 255."""
    picture = Image.fromarray((np.clip(values, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8))
    if radius_px < 2.5 or min(values.shape) < 16:
        soft = picture.filter(ImageFilter.GaussianBlur(radius_px))
    else:
        soft = picture.reduce(2).filter(ImageFilter.GaussianBlur(radius_px / 2.0))
        soft = soft.resize(picture.size, Image.Resampling.BILINEAR)
    return np.asarray(soft, np.float32) * np.float32(1 / 255.0)


def warped(values: Field, reach_px: float, cells: float, rng: np.random.Generator) -> Field:
    """The field with its points displaced by up to `reach_px`, as edges never run smooth."""
    height, width = values.shape
    down, across = (field(height, width, cells, rng) * np.float32(reach_px) for _ in range(2))
    rows = np.clip(np.arange(height, dtype=np.float32)[:, None] + down, 0, height - 1).astype(np.intp)
    columns = np.clip(np.arange(width, dtype=np.float32)[None, :] + across, 0, width - 1).astype(np.intp)
    return np.asarray(values.reshape(-1)[rows * width + columns], np.float32)


def smoothstep(values: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, an S between them."""
    ramp = np.clip((values - np.float32(low)) / np.float32(high - low), 0.0, 1.0)
    return np.asarray(ramp * ramp * (3.0 - 2.0 * ramp), np.float32)


def slopes(heights: Field) -> tuple[Field, Field]:
    """How the height grows towards the right and downwards, per pixel."""
    right, down = np.zeros_like(heights), np.zeros_like(heights)
    right[:, 1:-1] = (heights[:, 2:] - heights[:, :-2]) * np.float32(0.5)
    down[1:-1] = (heights[2:] - heights[:-2]) * np.float32(0.5)
    return right, down
