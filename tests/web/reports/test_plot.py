"""The picture of scores: a PNG whatever is in it, of bounded size, without a word on standard error."""

import io
import warnings
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from inference.policy import Policy
from stream.errors import Failure
from tests.web.reports.made import HOSTILE, image, incident, video
from web.reports.plot import plot
from web.reports.values import MediaReport, Shown

_VERMILION = np.array([0xD5, 0x5E, 0x00])
_BLUE = np.array([0x00, 0x72, 0xB2])


def drawn(*media: MediaReport) -> npt.NDArray[np.uint8]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        body = plot(media)
    with Image.open(io.BytesIO(body)) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))


def has(pixels: npt.NDArray[np.uint8], colour: npt.NDArray[np.int64]) -> int:
    return int((np.abs(pixels.astype(np.int64) - colour).sum(axis=2) < 8).sum())


@pytest.mark.parametrize("seconds", [1.0, 60.0, 36_000.0])
def test_scores_and_the_shortest_incident_are_seen_whatever_the_length(seconds: float) -> None:
    media = replace(video(seconds=seconds), incidents=(Shown(incident=incident(seconds / 2, seconds / 2 + 0.1)),))
    pixels = drawn(media)
    assert has(pixels, _BLUE) > 200
    assert has(pixels, _VERMILION) > 20
    assert has(drawn(replace(media, incidents=())), _VERMILION) == 0


def test_a_panel_a_video_one_for_all_images_and_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = drawn(video()), drawn(video(), video())
    assert 1.5 < two.shape[0] / one.shape[0] < 2.0
    assert drawn(video(), *[image(f"{number}.jpg") for number in range(100)]).shape == two.shape
    monkeypatch.setattr("web.reports.plot._MOST_PANELS", 2)
    assert drawn(video(), video(), video()).shape == two.shape


def test_flagged_images_are_told_apart() -> None:
    pixels = drawn(image(), image("bad.jpg", prob=0.97))
    assert has(pixels, _VERMILION) > 20
    assert has(pixels, _BLUE) > 20
    assert has(drawn(image()), _VERMILION) == 0


@pytest.mark.parametrize("name", [*HOSTILE, "$x_1^{2$ \\frac", "日本語.mp4", "$", "\\"])
def test_any_name_can_be_drawn(name: str) -> None:
    drawn(video(name, seconds=4.0), image(name))


def test_nothing_to_draw_is_a_picture_that_says_so() -> None:
    unread = MediaReport(
        name="a", uri="a", media_id="m", prob=None, samples=0, policy=Policy(), failure=Failure("not_media", "It.")
    )
    pixels = drawn(unread)
    assert pixels.min() < 100, "words"
    assert pixels.shape[0] < 250
