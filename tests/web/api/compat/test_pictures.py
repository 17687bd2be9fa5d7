"""Pictures that are out of the ordinary, sent to `/1.0`."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.web.api.compat.calling import (
    Api,
    animated,
    encoded,
    endless_gif,
    failed,
    jpeg,
    succeeded,
)
from tests.web.api.compat.test_images import scored


def test_too_many_frames(api: Api) -> None:
    succeeded(api.send(animated(50), "a.gif"), 50)
    assert "50 frames" in failed(api.send(animated(51), "a.gif"), "media_error", 65).text
    failed(api.send(endless_gif(100_000), "a.gif"), "media_error", 65)


def test_a_picture_with_something_behind_it_is_the_picture(api: Api) -> None:
    plain = api.send(jpeg()).body["gore"]
    assert api.send(jpeg() + b"PK\x03\x04<html><script>alert(1)</script>").body["gore"] == plain


def test_a_turned_picture_is_scored_upright(api: Api) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = Image.open(io.BytesIO(jpeg()))
    turned = encoded(upright.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif)
    assert api.send(turned).body["gore"] == api.send(encoded(upright, "PNG")).body["gore"]


def test_other_modes(api: Api) -> None:
    picture = Image.open(io.BytesIO(jpeg()))
    deep = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) << 8)
    for data in (encoded(picture.convert("CMYK"), "JPEG"), encoded(picture.quantize(64), "PNG"), encoded(deep, "PNG")):
        scored(api.send(data), "a.jpg")


def test_a_jpeg_2000_may_be_as_large_as_any_other_image(api: Api) -> None:
    succeeded(api.send(encoded(Image.new("L", (8000, 8000), 90), "JPEG2000")), 1)


def test_a_large_jpeg_has_the_score_of_its_small_version(api: Api) -> None:
    large = Image.open(io.BytesIO(jpeg(4000, 3000)))
    small = large.resize((500, 375), Image.Resampling.BOX)
    probs = [api.send(encoded(one, "JPEG", quality=95)).body["gore"]["prob"] for one in (large, small)]
    assert probs[0] == pytest.approx(probs[1], abs=0.01)
