"""Views of a picture as the service may meet it: squashed, cropped, turned, small in a larger scene."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from inference.training.stains import Rgb

SIDE_PX = 224


def plain_view(picture: Image.Image, side_px: int = SIDE_PX) -> Rgb:
    """What the service does to a frame: the whole of it, squashed to the network's input."""
    # Of Pillow's filters this one comes closest to the service's own scaling, above all for small pictures.
    return np.asarray(picture.resize((side_px, side_px), Image.Resampling.BILINEAR), np.uint8)


def geometry(picture: Image.Image, rng: np.random.Generator, *, least_area: float) -> Image.Image:
    """A random crop of at least `least_area` of the picture, perhaps mirrored or turned, squashed to the input."""
    width, height = picture.size
    area = rng.uniform(least_area, 1.0)
    stretch = np.sqrt(area) * np.exp(rng.uniform(-0.2, 0.2))
    across, down = min(1.0, stretch), min(1.0, area / stretch)
    left, top = rng.uniform(0.0, 1.0 - across) * width, rng.uniform(0.0, 1.0 - down) * height
    box = (left, top, left + across * width, top + down * height)
    picture = picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
    if rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.08:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    return picture


def inset(picture: Image.Image, ground: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture as a part of a larger scene, 30 to 80 % of its width and height."""
    ground = ground.copy()
    width, height = (int(SIDE_PX * rng.uniform(0.3, 0.8)) for _ in range(2))
    at = (int(rng.integers(0, SIDE_PX - width)), int(rng.integers(0, SIDE_PX - height)))
    edge = Image.new("L", (width, height), 255)
    if rng.random() < 0.5:
        # Half of them melt into the ground, so that a hard edge tells nothing.
        edge = Image.new("L", (width, height), 0)
        margin = int(min(width, height) * 0.12)
        ImageDraw.Draw(edge).rectangle((margin, margin, width - margin, height - margin), fill=255)
        edge = edge.filter(ImageFilter.GaussianBlur(margin / 2))
    ground.paste(picture.resize((width, height), Image.Resampling.BILINEAR), at, edge)
    return ground


def compressed(pixels: Rgb, quality: int) -> Rgb:
    """The picture after a round through JPEG."""
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, "JPEG", quality=quality)
    with Image.open(memory) as opened:
        return np.asarray(opened.convert("RGB"), np.uint8)


def red_light(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture under red light: a negative stays one."""
    rest = rng.uniform(0.08, 0.5)
    tint = np.array([rng.uniform(0.8, 1.2), rest, rest * rng.uniform(0.7, 1.4)], np.float32)
    return Image.fromarray(np.clip(np.asarray(picture, np.float32) * tint, 0, 255).astype(np.uint8))


def red_shapes(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture with clean red shapes on it, such as signs, lettering and overlays: still a negative."""
    picture = picture.copy()
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(1, 5))):
        colour = (int(rng.integers(150, 256)), int(rng.integers(0, 60)), int(rng.integers(0, 60)))
        _shape(draw, colour, rng)
    return picture


def abstract(rng: np.random.Generator) -> Image.Image:
    """A drawn scene of a gradient and plain shapes, down to a frame of one colour."""
    ends = rng.integers(0, 256, (2, 3)).astype(np.float32)
    ramp = np.linspace(0.0, 1.0, SIDE_PX, dtype=np.float32)[:, None, None]
    pixels = np.broadcast_to(ends[0] * (1.0 - ramp) + ends[rng.integers(2)] * ramp, (SIDE_PX, SIDE_PX, 3))
    if rng.random() < 0.5:
        cells = int(rng.integers(4, 60))
        rough = rng.normal(128.0, 40.0, (cells, cells)).clip(0, 255).astype(np.uint8)
        texture = Image.fromarray(rough).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
        pixels = np.clip(pixels * (0.5 + np.asarray(texture, np.float32)[..., None] / 255.0), 0.0, 255.0)
    picture = Image.fromarray(pixels.astype(np.uint8)).rotate(90 * int(rng.integers(4)))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(0, 14))):
        red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
        _shape(draw, (red, green, blue), rng)
    return picture


def _shape(draw: ImageDraw.ImageDraw, colour: tuple[int, int, int], rng: np.random.Generator) -> None:
    x, y = (float(value) for value in rng.uniform(0.0, SIDE_PX, 2))
    width, height = (float(value) for value in rng.uniform(8.0, SIDE_PX * 0.6, 2))
    box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    kind = int(rng.integers(4))
    if kind == 0:
        draw.rectangle(box, fill=colour)
    elif kind == 1:
        draw.ellipse(box, fill=colour)
    elif kind == 2:
        draw.line(box, fill=colour, width=int(rng.integers(1, 16)))
    else:
        corners = rng.uniform(-0.5, 0.5, (int(rng.integers(3, 7)), 2)) * (width, height) + (x, y)
        draw.polygon([(float(a), float(b)) for a, b in corners], fill=colour)
