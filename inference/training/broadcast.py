"""What television, streams and cameras write over a picture. Each draws on a canvas and leaves its middle free."""

import numpy as np

from inference.training.canvas import (
    BLACK,
    GREEN,
    RED,
    WHITE,
    YELLOW,
    Canvas,
    Colour,
    accent,
    between,
    chance,
    digits,
    phrase,
)


def banner(canvas: Canvas, rng: np.random.Generator) -> None:
    """A lower third: a bar with a headline, perhaps a label and a second line."""
    top, height = between(rng, 0.72, 0.80), between(rng, 0.08, 0.12)
    left = between(rng, 0.0, 0.08)
    right = between(rng, 0.75, 1.0)
    ground = accent(rng, opacity=int(rng.integers(190, 256)))
    canvas.box((left, top), (right, top + height), ground)
    start = left + 0.02
    if chance(rng, 0.5):
        label, colour = ("LIVE", "BREAKING", "ALERT")[int(rng.integers(3))], accent(rng, red_share=0.7)
        canvas.box((left, top), (left + 0.22, top + height), colour)
        canvas.text((left + 0.11, top + height / 2), height * 0.42, label, WHITE, anchor="mm", within=0.2)
        start = left + 0.24
    light = sum(ground[:3]) > 380
    headline = phrase(rng, int(rng.integers(2, 6)))[: int((right - start) * 40)]
    canvas.text(
        (start, top + height / 2), height * 0.55, headline, BLACK if light else WHITE, anchor="lm", within=right - start
    )
    if chance(rng, 0.5):
        foot = top + height + between(rng, 0.04, 0.06)
        canvas.box((left, top + height), (right, foot), (*WHITE, 230))
        canvas.text(
            (left + 0.02, top + height + 0.004), 0.036, phrase(rng, 5), (30, 30, 30), within=right - left - 0.03
        )


def ticker(canvas: Canvas, rng: np.random.Generator) -> None:
    """A strip of running text along an edge."""
    height = between(rng, 0.045, 0.08)
    top = 0.0 if chance(rng, 0.2) else 1.0 - height - (between(rng, 0.01, 0.03) if chance(rng, 0.3) else 0.0)
    ground = accent(rng, opacity=int(rng.integers(170, 256)))
    canvas.box((0.0, top), (1.0, top + height), ground)
    ink = BLACK if sum(ground[:3]) > 380 else WHITE
    canvas.text((-between(rng, 0.0, 0.3), top + height / 2), height * 0.65, phrase(rng, 16), ink, anchor="lm")
    if chance(rng, 0.5):
        canvas.box((0.0, top), (0.16, top + height), accent(rng, red_share=0.6))
        canvas.text((0.08, top + height / 2), height * 0.6, "NEWS", WHITE, anchor="mm")


def subtitles(canvas: Canvas, rng: np.random.Generator) -> None:
    """One or two lines at the foot, outlined or on a box."""
    size, boxed = between(rng, 0.045, 0.065), chance(rng, 0.35)
    ink: Colour = YELLOW if chance(rng, 0.25) else WHITE
    lines = int(rng.integers(1, 3))
    foot = between(rng, 0.88, 0.95)
    for line in range(lines):
        words = phrase(rng, int(rng.integers(3, 6)))[:26]
        middle = foot - (lines - 1 - line) * size * 1.25
        if boxed:
            half = min(0.44, 0.5 * 0.017 * len(words) + 0.03)
            canvas.box((0.5 - half, middle - size * 0.62), (0.5 + half, middle + size * 0.62), (*BLACK, 200))
        canvas.text((0.5, middle), size, words, ink, anchor="mm", outlined=not boxed, within=0.86)


def live_badge(canvas: Canvas, rng: np.random.Generator) -> None:
    """A red LIVE in a corner, perhaps with the number of viewers."""
    left, top = _corner(rng, 0.26, 0.07)
    canvas.box((left, top), (left + 0.14, top + 0.06), accent(rng, red_share=0.85), round_share=between(rng, 0.0, 0.5))
    canvas.text((left + 0.07, top + 0.031), 0.042, "LIVE", WHITE, anchor="mm", within=0.12)
    if chance(rng, 0.6):
        canvas.box((left + 0.15, top), (left + 0.26, top + 0.06), (*BLACK, 150), round_share=0.3)
        canvas.text((left + 0.205, top + 0.031), 0.04, digits(rng, 9999), WHITE, anchor="mm")


def channel_bug(canvas: Canvas, rng: np.random.Generator) -> None:
    """A channel's sign in a corner, often half transparent."""
    side = between(rng, 0.07, 0.15)
    left, top = _corner(rng, side, side)
    opacity = int(rng.integers(90, 256))
    start, end = (left, top), (left + side, top + side)
    if chance(rng, 0.5):
        canvas.oval(start, end, accent(rng, opacity=opacity))
    else:
        canvas.box(start, end, accent(rng, opacity=opacity), round_share=between(rng, 0.0, 0.4))
    mark = phrase(rng, 1)[:3].upper() if chance(rng, 0.6) else digits(rng, 60)
    canvas.text((left + side / 2, top + side / 2), side * 0.5, mark, (*WHITE, opacity), anchor="mm")


def watermark(canvas: Canvas, rng: np.random.Generator) -> None:
    """Faint lettering above and below the middle, once or over and over."""
    words, size, opacity = (
        phrase(rng, int(rng.integers(1, 3)))[:14],
        between(rng, 0.04, 0.08),
        int(rng.integers(50, 150)),
    )
    ink: Colour = (*WHITE, opacity) if chance(rng, 0.7) else accent(rng, opacity=opacity)
    if chance(rng, 0.5):
        top = between(rng, 0.04, 0.18) if chance(rng, 0.5) else between(rng, 0.74, 0.9)
        canvas.text((between(rng, 0.05, 0.5), top), size, words, ink)
        return
    for top in (0.03, 0.17, 0.74, 0.88):
        for left in (0.0, 0.36, 0.72):
            canvas.text((left + top / 3 - 0.1, top), size * 0.7, words, ink)


def camera(canvas: Canvas, rng: np.random.Generator) -> None:
    """What cameras write themselves: date and time, REC, a number, corner marks, the battery."""
    ink: Colour = (WHITE, WHITE, GREEN, YELLOW)[int(rng.integers(4))]
    size = between(rng, 0.04, 0.06)
    day, hour, minute, second = (int(rng.integers(low, high)) for low, high in ((1, 29), (0, 24), (0, 60), (0, 60)))
    stamp = f"{int(rng.integers(2012, 2027))}-{int(rng.integers(1, 13)):02}-{day:02} {hour:02}:{minute:02}:{second:02}"
    high, left = chance(rng, 0.5), chance(rng, 0.5)
    place = (0.04 if left else 0.96, 0.04 if high else 0.96)
    canvas.text(place, size, stamp, ink, anchor=("l" if left else "r") + ("a" if high else "d"), outlined=True)
    other = 0.93 if high else 0.07
    if chance(rng, 0.6):
        canvas.disc((0.06, other), size * 0.4, RED)
        canvas.text((0.1, other), size, "REC", ink if chance(rng, 0.5) else RED, anchor="lm")
    if chance(rng, 0.5):
        canvas.text((0.96, other), size, f"CAM {digits(rng, 20)}", ink, anchor="rm", outlined=True)
    if chance(rng, 0.4):
        for x, inward in ((0.08, 0.08), (0.92, -0.08)):
            for y, down in ((0.14, 0.08), (0.86, -0.08)):
                canvas.line((x, y), (x + inward, y), ink, 0.006)
                canvas.line((x, y), (x, y + down), ink, 0.006)


def _corner(rng: np.random.Generator, width: float, height: float) -> tuple[float, float]:
    """Where something of that size starts that lies in a corner."""
    margin = between(rng, 0.01, 0.05)
    left = margin if chance(rng, 0.5) else 1.0 - margin - width
    top = margin if chance(rng, 0.6) else 1.0 - margin - height
    return left, top
