"""A picture to draw on with lettering and shapes: places are shares of its width and height, edges come out smooth."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inference.training.stains import Rgb

Colour = tuple[int, int, int] | tuple[int, int, int, int]
"""Red, green, blue and perhaps opacity, 0 to 255."""
Place = tuple[float, float]

WHITE, BLACK, RED, YELLOW, GREEN = (255, 255, 255), (0, 0, 0), (214, 24, 32), (250, 210, 40), (70, 210, 90)
_LEAST_PX = 96
_SENTENCE = (
    "LIVE news update tonight the city council meets again over road repairs as rain moves east match begins at eight "
    "follow us for more new song out now thanks gg nice shot lol what is that wow next stream on friday sale ends soon "
    "BREAKING report witnesses say police fire rescue team hospital weather traffic sport markets rise ALERT episode "
    "level up quest score round final player one two wins click here subscribe like share link in bio cam door north"
)
_WORDS = tuple(_SENTENCE.split())


@dataclass(frozen=True, slots=True)
class Canvas:
    """The picture in whole multiples of its size: where nothing is drawn, it comes back as it was."""

    image: Image.Image
    draw: ImageDraw.ImageDraw
    times: tuple[int, int]

    @classmethod
    def over(cls, picture: Rgb, rng: np.random.Generator) -> "Canvas":
        """Wide and tall pictures reach the detector squashed to a square, and so does what is written on them."""
        across, down = ((2, 2), (3, 2), (2, 3))[int(rng.choice(3, p=[0.3, 0.45, 0.25]))]
        height, width = picture.shape[:2]
        times = (max(across, -(-_LEAST_PX // width)), max(down, -(-_LEAST_PX // height)))
        image = Image.fromarray(picture).resize((width * times[0], height * times[1]), Image.Resampling.NEAREST)
        return cls(image, ImageDraw.Draw(image, "RGBA"), times)

    def finished(self) -> Rgb:
        return np.asarray(self.image.reduce(self.times), np.uint8)

    def at(self, place: Place) -> tuple[float, float]:
        """Pixels of the canvas."""
        return place[0] * self.image.width, place[1] * self.image.height

    def unit(self, size: float) -> float:
        """Pixels of a length that is given as a share of the shorter side."""
        return size * min(self.image.size)

    def box(
        self,
        start: Place,
        end: Place,
        fill: Colour | None,
        *,
        round_share: float = 0.0,
        outline: Colour | None = None,
        line: float = 0.01,
    ) -> None:
        """A rectangle, its corners rounded by a share of its shorter side; `line` is the width of the outline."""
        left, top, right, bottom = self._corners(start, end)
        radius = round_share * min(right - left, bottom - top)
        width = max(1, round(self.unit(line)))
        self.draw.rounded_rectangle((left, top, right, bottom), radius, fill, outline, width)

    def oval(
        self,
        start: Place,
        end: Place,
        fill: Colour | None,
        *,
        outline: Colour | None = None,
        line: float = 0.01,
    ) -> None:
        self.draw.ellipse(self._corners(start, end), fill, outline, max(1, round(self.unit(line))))

    def disc(self, centre: Place, radius: float, fill: Colour) -> None:
        """The radius is a share of the shorter side."""
        x, y = self.at(centre)
        reach = max(1.0, self.unit(radius))
        self.draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill)

    def polygon(self, centre: Place, size: float, points: list[Place], fill: Colour, *, line: float = 0.0) -> None:
        """Points around a centre, in units of `size`, which is a share of the shorter side; black outline if any."""
        x, y = self.at(centre)
        reach = self.unit(size)
        outline = BLACK if line else None
        width = max(1, round(self.unit(line)))
        self.draw.polygon([(x + a * reach, y + b * reach) for a, b in points], fill, outline, width)

    def line(self, start: Place, end: Place, fill: Colour, width: float) -> None:
        self.draw.line((*self.at(start), *self.at(end)), fill, max(1, round(self.unit(width))))

    def text(
        self,
        place: Place,
        height: float,
        words: str,
        fill: Colour,
        *,
        anchor: str = "la",
        outlined: bool = False,
        within: float = 2.0,
    ) -> float:
        """Lettering of a height that is a share of the picture's, made smaller until its width is `within`.

        Returns its width as a share of the picture's.
        """
        size_px = max(4, round(height * self.image.height))
        font = _font(size_px)
        if (length := font.getlength(words)) > within * self.image.width:
            size_px = max(4, int(size_px * within * self.image.width / length))
            font = _font(size_px)
        outline = max(1, round(size_px / 12)) if outlined else 0
        self.draw.text(self.at(place), words, fill, font, anchor, stroke_width=outline, stroke_fill=BLACK)
        return float(font.getlength(words)) / self.image.width

    def _corners(self, start: Place, end: Place) -> tuple[float, float, float, float]:
        left, top = self.at(start)
        right, bottom = self.at(end)
        return left, top, max(left + 1.0, right - 1.0), max(top + 1.0, bottom - 1.0)


@lru_cache(maxsize=64)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def chance(rng: np.random.Generator, share: float) -> bool:
    return float(rng.random()) < share


def accent(rng: np.random.Generator, *, red_share: float = 0.5, opacity: int = 255) -> Colour:
    """The colour of a banner, a badge or a bar: red more often than not, so that red alone means nothing."""
    if chance(rng, red_share):
        red = int(rng.integers(130, 256))
        return red, int(rng.integers(0, 50)), int(rng.integers(0, 50)), opacity
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    return red, green, blue, opacity


def phrase(rng: np.random.Generator, words: int) -> str:
    """Some words, one time in three in capitals."""
    chosen = " ".join(_WORDS[int(index)] for index in rng.integers(0, len(_WORDS), words))
    return chosen.upper() if chance(rng, 0.35) else chosen


def digits(rng: np.random.Generator, below: int) -> str:
    return str(int(rng.integers(0, below)))
