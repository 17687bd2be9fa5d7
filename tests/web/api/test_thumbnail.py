"""The frame of an incident's peak: the right one, kept where it may be, shown as it may be."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stream.sample import SourceInfo
from tests.web.fakes import INFO
from tests.web.serving import Served, serving

POLICY = {"window": 0.001, "cooldown": 1.0}
FILM = ((0.0, 0.1), (0.5, 0.6), (0.75, 0.7), (1.0, 0.9), (1.25, 0.8), (2.0, 0.7), (2.5, 0.65))
"""Positions and scores. The peak is told of at 2 s, by when another sample is the newest."""


async def filmed(
    served: Served, film: tuple[tuple[float, float], ...] = FILM, *, keep: str = "incidents", info: SourceInfo = INFO
) -> dict[str, Any]:
    """The only incident of such a stream, once all of it was judged."""
    stream = await served.add(policy={**POLICY, "keep": keep})
    source = await served.pool.source()
    source.live(info)
    for position_s, score in film:
        source.sample(position_s, score)
    await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["samples"] == len(film))
    (incident,) = (await served.get("/v1/incidents"))["incidents"]
    assert isinstance(incident, dict)
    return incident


async def written(served: Served, incident: dict[str, Any], home: Path) -> Path:
    """Its file, once nothing waits any more."""
    await served.until_metric("gorewatch_pictures_waiting", 0.0)
    return home / "pictures" / f"{incident['id']}.jpg"


async def picture(served: Served, incident: dict[str, Any], query: str = "?clear=1") -> Image.Image:
    async with served.http.get(f"/v1/incidents/{incident['id']}/thumbnail.jpg{query}") as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "image/jpeg"
        assert response.headers["Cache-Control"] == "no-store"
        return Image.open(io.BytesIO(await response.read()))


def grey(image: Image.Image) -> float:
    colour = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    assert isinstance(colour, tuple)
    return colour[0] / 255


async def none(served: Served, incident: dict[str, Any]) -> str:
    async with served.http.get(f"/v1/incidents/{incident['id']}/thumbnail.jpg") as response:
        body = await response.json()
        assert (response.status, body["code"]) == (404, "no_picture")
        return str(body["detail"])


async def test_it_is_the_frame_of_the_peak_before_and_after_it_is_written(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        incident = await filmed(served)
        assert incident["peak_position"] == 1.0
        assert incident["picture"]
        assert grey(await picture(served, incident)) == pytest.approx(0.9, abs=0.02)
        file = await written(served, incident, tmp_path)
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        with Image.open(file) as kept:
            assert (kept.format, kept.size) == ("JPEG", (224, 224)), "as the detector saw it"
        for query in ("", "?clear=1"):
            shown = await picture(served, incident, query)
            assert shown.size == (320, 180)
            assert grey(shown) == pytest.approx(0.9, abs=0.02)
        assert (await served.get(f"/v1/incidents/{incident['id']}"))["picture"]


async def test_a_peak_that_only_the_end_tells_of_is_kept(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        incident = await filmed(served, ((0.0, 0.1), (0.5, 0.6), (0.75, 0.95), (0.8, 0.55)))
        assert grey(await picture(served, incident)) == pytest.approx(0.6, abs=0.02), "it is not told of yet"
        async with served.http.delete(f"/v1/streams/{incident['stream']}"):
            pass
        await written(served, incident, tmp_path)
        ended = await served.get(f"/v1/incidents/{incident['id']}")
        assert (ended["state"], ended["peak_position"]) == ("ended", 0.75)
        assert grey(await picture(served, incident)) == pytest.approx(0.95, abs=0.02)


async def test_a_higher_peak_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        incident = await filmed(served, ((0.0, 0.6), (2.0, 0.7)))
        await written(served, incident, tmp_path)
        (await served.pool.source()).sample(4.0, 0.8)
        await served.until(f"/v1/incidents/{incident['id']}", lambda now: now["peak_position"] == 4.0)
        await written(served, incident, tmp_path)
        assert grey(await picture(served, incident)) == pytest.approx(0.8, abs=0.02)
        assert [file.name for file in (tmp_path / "pictures").iterdir() if file.is_file()] == [f"{incident['id']}.jpg"]


@pytest.mark.parametrize(("keep", "kept"), [("none", False), ("incidents", True), ("samples", True)])
async def test_the_policy_says_whether_it_is_kept(tmp_path: Path, keep: str, kept: bool) -> None:
    async with serving(home=tmp_path) as served:
        incident = await filmed(served, keep=keep)
        assert incident["picture"] is kept
        file = await written(served, incident, tmp_path)
        assert file.exists() is kept
        if not kept:
            assert await none(served, incident) == "No picture of this incident is kept."
            assert not (tmp_path / "pictures").exists()


async def test_pixelated_means_that_no_detail_is_left_and_tall_sources_stay_tall(tmp_path: Path) -> None:
    info = SourceInfo(codec="h264", width=720, height=1280, fps=None, live=True)
    async with serving(home=tmp_path) as served:
        incident = await filmed(served, info=info)
        file = await written(served, incident, tmp_path)
        stripes = Image.new("RGB", (224, 224))
        for column in range(0, 224, 2):
            stripes.paste((255, 255, 255), (column, 0, column + 1, 224))
        stripes.save(file, "JPEG", quality=95)
        blocks, clear = await picture(served, incident, ""), await picture(served, incident)
        assert blocks.size == clear.size == (320, 569)
        assert np.ptp(np.asarray(blocks, np.int16)) < 16
        assert np.ptp(np.asarray(clear, np.int16)) > 60


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "garbage", "png", "large", "folder"])
async def test_a_picture_that_is_gone_or_damaged_is_said_to_be(tmp_path: Path, damage: str) -> None:
    async with serving(home=tmp_path) as served:
        incident = await filmed(served)
        file = await written(served, incident, tmp_path)
        whole = file.read_bytes()
        match damage:
            case "gone":
                file.unlink()
            case "empty":
                file.write_bytes(b"")
            case "cut":
                file.write_bytes(whole[: len(whole) // 2])
            case "garbage":
                file.write_bytes(b"\xff\xd8" + bytes(range(256)))
            case "png":
                Image.new("RGB", (8, 8)).save(file, "PNG")
            case "large":
                Image.new("RGB", (5000, 8)).save(file, "JPEG")
            case "folder":
                file.unlink()
                file.mkdir()
        assert await none(served, incident) == "The picture of this incident is gone or damaged."


async def test_a_disk_that_takes_none_is_told_and_counted_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "pictures").write_text("in the way")
    async with serving(home=tmp_path) as served:
        incident = await filmed(served)
        await served.until_metric('gorewatch_pictures_dropped_total{reason="disk"}', 1.0)
        assert f"the picture of {incident['id']} cannot be kept" in caplog.text
        assert await none(served, incident) == "No picture of this incident is kept."
        assert (await served.get(f"/v1/incidents/{incident['id']}"))["picture"] is False
        (tmp_path / "pictures").unlink()
        (await served.pool.source()).sample(6.0, 0.95)
        await served.until_metric("gorewatch_pictures_kept_total", 1.0)
        assert grey(await picture(served, incident)) == pytest.approx(0.95, abs=0.02)


async def test_what_an_earlier_service_had_begun_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / "pictures" / "incoming" / "inc_x.jpg"
    left.parent.mkdir(parents=True)
    left.touch()
    async with serving(home=tmp_path) as served:
        incident = await filmed(served)
        await written(served, incident, tmp_path)
        assert not left.exists()
