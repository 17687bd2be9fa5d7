"""What games, apps and chats put over a picture. Each draws on a canvas and leaves its middle all but free."""

import math

import numpy as np

from inference.training.canvas import (
    BLACK,
    GREEN,
    RED,
    WHITE,
    YELLOW,
    Canvas,
    Colour,
    Place,
    accent,
    between,
    chance,
    digits,
    phrase,
)

_HEART = [
    (math.sin(a) ** 3, -(13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a)) / 16)
    for a in np.linspace(0.0, 2.0 * math.pi, 24).tolist()
]
_ARROW = [(0.0, 0.0), (0.0, 1.0), (0.23, 0.78), (0.4, 1.15), (0.55, 1.08), (0.39, 0.72), (0.7, 0.72)]
_POINTER = [(0.0, 0.0), (-0.45, 0.4), (-0.18, 0.4), (-0.18, 1.0), (0.18, 1.0), (0.18, 0.4), (0.45, 0.4)]


def chat_column(canvas: Canvas, rng: np.random.Generator) -> None:
    """A stream's chat along one side: coloured names and lines of text on a dark or light ground."""
    width, top = between(rng, 0.17, 0.24), between(rng, 0.0, 0.45)
    left = 1.0 - width if chance(rng, 0.7) else 0.0
    dark = chance(rng, 0.7)
    opacity = 255 if chance(rng, 0.4) else int(rng.integers(80, 220))
    canvas.box((left, top), (left + width, 1.0), (*((22, 22, 26) if dark else (245, 245, 248)), opacity))
    ink = (225, 225, 230) if dark else (40, 40, 40)
    size, at = between(rng, 0.03, 0.042), top + 0.02
    while at < 0.96:
        name = phrase(rng, 1)[:7]
        taken = canvas.text((left + 0.01, at), size, name, accent(rng, red_share=0.3))
        room = max(0, int((width - taken - 0.03) / (size * 0.4)))
        canvas.text((left + 0.02 + taken, at), size, phrase(rng, 3)[:room], ink)
        at += size * 1.35
        if chance(rng, 0.5):
            canvas.text((left + 0.01, at), size, phrase(rng, 3)[: int(width / (size * 0.5))], ink)
            at += size * 1.35


def chat_bubbles(canvas: Canvas, rng: np.random.Generator) -> None:
    """Comments that rise at the foot of a phone's live picture."""
    ground: Colour = (*BLACK, 120) if chance(rng, 0.6) else accent(rng, opacity=int(rng.integers(150, 240)))
    height = between(rng, 0.05, 0.065)
    at = 1.0 - between(rng, 0.0, 0.03)
    for _ in range(int(rng.integers(2, 5))):
        at -= height * 1.1
        width = between(rng, 0.25, 0.6)
        canvas.box((0.03, at), (0.03 + width, at + height), ground, round_share=0.5)
        canvas.disc((0.06, at + height / 2), height * 0.35, accent(rng))
        canvas.text(
            (0.1, at + height / 2),
            height * 0.55,
            phrase(rng, 4)[: int(width * 36)],
            WHITE,
            anchor="lm",
            within=width - 0.08,
        )


def game_hud(canvas: Canvas, rng: np.random.Generator) -> None:
    """Health, ammunition, a map, a crosshair, an enemy's bar, the list of who fell: some of them."""
    parts = (_health, _ammunition, _map, _crosshair, _enemy, _feed, _slots)
    for part, share in zip(parts, (0.8, 0.5, 0.5, 0.5, 0.35, 0.3, 0.25), strict=True):
        if chance(rng, share):
            part(canvas, rng)


def _health(canvas: Canvas, rng: np.random.Generator) -> None:
    top, left = (0.04 if chance(rng, 0.4) else 0.88), between(rng, 0.02, 0.06)
    for _ in range(int(rng.integers(1, 3))):
        width, height = between(rng, 0.18, 0.34), between(rng, 0.018, 0.035)
        canvas.box((left, top), (left + width, top + height), (20, 20, 20, 200), outline=WHITE, line=0.004)
        full = left + width * between(rng, 0.15, 1.0)
        canvas.box((left + 0.004, top + 0.004), (full, top + height - 0.004), accent(rng, red_share=0.65))
        top += height + 0.012
    if chance(rng, 0.4):
        for index in range(int(rng.integers(3, 8))):
            canvas.polygon((left + 0.015 + 0.04 * index, top + 0.018), 0.016, _HEART, RED)
    else:
        canvas.text((left, top), 0.045, digits(rng, 101), WHITE, outlined=True)


def _ammunition(canvas: Canvas, rng: np.random.Generator) -> None:
    size = between(rng, 0.05, 0.09)
    ink: Colour = RED if chance(rng, 0.25) else WHITE
    canvas.text((0.97, 0.97), size, f"{digits(rng, 60)}/{digits(rng, 300)}", ink, anchor="rd", outlined=True)


def _map(canvas: Canvas, rng: np.random.Generator) -> None:
    side = between(rng, 0.14, 0.22)
    left, top = (0.02 if chance(rng, 0.5) else 0.98 - side), 0.03
    red, green, blue = (int(value) for value in rng.integers(20, 120, 3))
    ground = (red, green, blue, 210)
    start, end = (left, top), (left + side, top + side)
    if chance(rng, 0.5):
        canvas.oval(start, end, ground, outline=WHITE, line=0.008)
    else:
        canvas.box(start, end, ground, outline=(200, 200, 200), line=0.006)
    for x, y in rng.uniform(0.25, 0.75, (int(rng.integers(2, 9)), 2)):
        canvas.disc((left + side * float(x), top + side * float(y)), 0.008, accent(rng, red_share=0.6))


def _crosshair(canvas: Canvas, rng: np.random.Generator) -> None:
    ink: Colour = (WHITE, RED, GREEN)[int(rng.integers(3))]
    gap, reach = between(rng, 0.0, 0.012), between(rng, 0.015, 0.035)
    for way in (-1.0, 1.0):
        canvas.line((0.5 + way * gap, 0.5), (0.5 + way * reach, 0.5), ink, 0.005)
        canvas.line((0.5, 0.5 + way * gap), (0.5, 0.5 + way * reach), ink, 0.005)


def _enemy(canvas: Canvas, rng: np.random.Generator) -> None:
    top, half = between(rng, 0.05, 0.12), between(rng, 0.15, 0.24)
    canvas.box((0.5 - half, top), (0.5 + half, top + 0.03), (30, 10, 10, 220))
    canvas.box(
        (0.5 - half, top), (0.5 - half + 2 * half * between(rng, 0.2, 1.0), top + 0.03), accent(rng, red_share=0.8)
    )
    canvas.text((0.5, top - 0.005), 0.035, phrase(rng, 2)[:16], WHITE, anchor="md", outlined=True)


def _feed(canvas: Canvas, rng: np.random.Generator) -> None:
    for index in range(int(rng.integers(2, 5))):
        ink = RED if chance(rng, 0.4) else WHITE
        canvas.text((0.98, 0.27 + 0.045 * index), 0.034, phrase(rng, 2)[:12], ink, anchor="ra", outlined=True)


def _slots(canvas: Canvas, rng: np.random.Generator) -> None:
    count, side = int(rng.integers(4, 10)), 0.05
    for index in range(count):
        left = 0.5 + (index - count / 2) * side
        canvas.box((left, 0.93), (left + side, 0.98), (40, 40, 40, 170), outline=(190, 190, 190), line=0.005)
        if chance(rng, 0.5):
            canvas.box((left + 0.012, 0.942), (left + 0.038, 0.968), accent(rng))


def app(canvas: Canvas, rng: np.random.Generator) -> None:
    """An app's bars and buttons, hearts and red counts of what is new."""
    light = chance(rng, 0.5)
    ground: Colour = (*((250, 250, 250) if light else (18, 18, 20)), 255 if chance(rng, 0.6) else 150)
    ink: Colour = (30, 30, 30) if light else (235, 235, 235)
    if chance(rng, 0.7):
        canvas.box((0.0, 0.0), (1.0, 0.065), ground if chance(rng, 0.7) else accent(rng))
        canvas.text((0.03, 0.033), 0.038, phrase(rng, 2)[:18], ink, anchor="lm")
        canvas.box((0.8, 0.012), (0.97, 0.053), accent(rng, red_share=0.6), round_share=0.5)
    if chance(rng, 0.7):
        canvas.box((0.0, 0.915), (1.0, 1.0), ground)
        for index in range(5):
            centre = (0.1 + 0.2 * index, 0.957)
            canvas.disc(centre, 0.022, ink)
            if chance(rng, 0.35):
                _count(canvas, (centre[0] + 0.025, 0.935), rng)
    if chance(rng, 0.6):
        at = between(rng, 0.4, 0.55)
        for index in range(int(rng.integers(2, 5))):
            if index == 0 or chance(rng, 0.2):
                canvas.polygon((0.92, at), 0.035, _HEART, RED if chance(rng, 0.7) else WHITE)
            else:
                canvas.disc((0.92, at), 0.032, (*WHITE, 200))
            canvas.text((0.92, at + 0.045), 0.03, digits(rng, 9999), WHITE, anchor="ma", outlined=True)
            at += 0.12


def _count(canvas: Canvas, centre: Place, rng: np.random.Generator) -> None:
    canvas.disc(centre, 0.024, accent(rng, red_share=0.9))
    canvas.text(centre, 0.03, digits(rng, 20), WHITE, anchor="mm")


def emoji(canvas: Canvas, rng: np.random.Generator) -> None:
    """Faces, hearts and counts that float along the edges."""
    for _ in range(int(rng.integers(1, 7))):
        centre, size = _beside_middle(rng), between(rng, 0.02, 0.05)
        kind = int(rng.integers(3))
        if kind == 0:
            canvas.polygon(centre, size, _HEART, accent(rng, red_share=0.8))
        elif kind == 1:
            _face(canvas, centre, size)
        else:
            _count(canvas, centre, rng)


def _face(canvas: Canvas, centre: Place, size: float) -> None:
    canvas.disc(centre, size, YELLOW)
    for way in (-0.35, 0.35):
        canvas.polygon(
            centre, size, [(way - 0.1, -0.4), (way + 0.1, -0.4), (way + 0.1, -0.1), (way - 0.1, -0.1)], BLACK
        )
    canvas.polygon(centre, size, [(-0.55, 0.1), (0.55, 0.1), (0.3, 0.55), (-0.3, 0.55)], (120, 40, 20))


def pointers(canvas: Canvas, rng: np.random.Generator) -> None:
    """Thick arrows, mostly red, and a ring round the middle, as thumbnails have them."""
    for _ in range(int(rng.integers(1, 3))):
        turn = between(rng, 0.0, 2.0 * math.pi)
        points = [
            (x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)) for x, y in _POINTER
        ]
        x, y = _beside_middle(rng)
        canvas.polygon((x, y), 0.1, [(a, b) for a, b in points], accent(rng, red_share=0.8), line=0.008)
    if chance(rng, 0.5):
        reach = between(rng, 0.24, 0.4)
        ink = accent(rng, red_share=0.8)
        canvas.oval((0.5 - reach, 0.5 - reach), (0.5 + reach, 0.5 + reach), None, outline=ink, line=0.014)


def cursor(canvas: Canvas, rng: np.random.Generator) -> None:
    """A mouse pointer anywhere."""
    place = (between(rng, 0.05, 0.95), between(rng, 0.05, 0.95))
    canvas.polygon(place, between(rng, 0.03, 0.05), _ARROW, WHITE if chance(rng, 0.8) else BLACK, line=0.005)


def _beside_middle(rng: np.random.Generator) -> Place:
    """Somewhere in the outer fifth."""
    near, along = between(rng, 0.05, 0.18), between(rng, 0.05, 0.95)
    near = near if chance(rng, 0.5) else 1.0 - near
    return (near, along) if chance(rng, 0.5) else (along, near)
