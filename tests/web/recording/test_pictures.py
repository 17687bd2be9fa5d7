"""Frames of peaks reach the disk once their incident is in the store, and never hold anything up."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from tests.until import until
from tests.web.store.test_moderated import kept
from web.background import going_on
from web.recording.peaks import Peak
from web.recording.picture_folder import PictureFolder
from web.recording.pictures import Pictures
from web.showing import Plain
from web.store import incidents
from web.store.errors import StoreError
from web.store.kept import KeptIncident
from web.store.store import Store


def peak(of: KeptIncident, level: int = 200) -> Peak:
    return Peak(of.incident.id, 1.0, Plain(np.full((16, 16, 3), level, np.uint8)))


async def put(store: Store, *those: KeptIncident) -> None:
    async with store.writing() as tx:
        await incidents.put(tx, those)


async def now(store: Store, of: KeptIncident) -> KeptIncident:
    async with store.reading() as tx:
        found = await incidents.find(tx, of.incident.id)
    assert found is not None
    return found


async def level(pictures: Pictures, of: KeptIncident) -> int | None:
    pixels = await pictures.find(of)
    return None if pixels is None else int(pixels[8, 8, 0])


async def test_a_frame_waits_for_its_incident(store: Store, tmp_path: Path) -> None:
    pictures, one, other = Pictures(store, PictureFolder(tmp_path)), kept(number=1), kept(number=2)
    pictures.add(peak(one))
    pictures.add(peak(other, 100))
    assert await level(pictures, one) == 200
    await put(store, other)
    await pictures.flush()
    assert (pictures.waiting, pictures.kept) == (1, 1)
    await put(store, one)
    await pictures.flush()
    assert (pictures.waiting, pictures.kept, pictures.dropped) == (0, 2, {})
    assert await level(pictures, one) == pytest.approx(200, abs=2), "though the row was read before it named it"
    stored = await now(store, one)
    assert stored.picture == f"pictures/{one.incident.id}.jpg"
    assert pictures.has(stored)
    assert await level(pictures, stored) == pytest.approx(200, abs=2)
    await pictures.flush()
    assert pictures.kept == 2


async def test_they_are_written_as_they_come_and_found_in_a_folder_that_was_moved(store: Store, tmp_path: Path) -> None:
    one = kept()
    await put(store, one)
    pictures = Pictures(store, PictureFolder(tmp_path / "a"), pause_s=0.001)
    async with going_on(pictures.run, "pictures"):
        for number in range(3):
            pictures.add(peak(one, 50 * number))
            await until(lambda: not pictures.waiting)
    (tmp_path / "a").rename(tmp_path / "b")
    moved = Pictures(store, PictureFolder(tmp_path / "b"))
    assert await level(moved, await now(store, one)) == pytest.approx(100, abs=2)


async def test_a_newer_peak_takes_the_place_of_one_that_waits(store: Store, tmp_path: Path) -> None:
    one = kept()
    pictures = Pictures(store, PictureFolder(tmp_path))
    for number in (50, 100, 150):
        pictures.add(peak(one, number))
    assert pictures.waiting == 1
    await put(store, one)
    await pictures.flush()
    assert pictures.kept == 1
    assert await level(pictures, await now(store, one)) == pytest.approx(150, abs=2)


async def test_when_too_many_wait_the_oldest_is_given_up(store: Store, tmp_path: Path) -> None:
    those = [kept(number=number) for number in range(5)]
    pictures = Pictures(store, PictureFolder(tmp_path), most_waiting=3)
    for one in those:
        pictures.add(peak(one))
    assert (pictures.waiting, pictures.dropped) == (3, {"full": 2})
    await put(store, *those)
    await pictures.flush()
    assert [(await now(store, one)).picture is not None for one in those] == [False, False, True, True, True]


async def test_they_wait_while_the_store_cannot_be_written(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = kept()
    pictures = Pictures(store, PictureFolder(tmp_path))
    pictures.add(peak(one))
    async with store.writing() as tx:
        await tx.execute(text("ALTER TABLE incidents RENAME TO hidden"))
    with pytest.raises(StoreError):
        await pictures.flush()
    async with going_on(pictures.run, "pictures"):
        await until(lambda: "have to wait" in caplog.text)
    assert pictures.waiting == 1
    async with store.writing() as tx:
        await tx.execute(text("ALTER TABLE hidden RENAME TO incidents"))
    await put(store, one)
    await pictures.aclose()
    assert (pictures.kept, pictures.dropped) == (1, {})


async def test_what_cannot_be_kept_at_the_end_is_counted(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = Pictures(store, PictureFolder(tmp_path))
    for number in range(2):
        pictures.add(peak(kept(number=number)))
    await pictures.aclose()
    assert (pictures.waiting, pictures.dropped) == (0, {"closing": 2})
    assert "2 pictures of incidents were not kept" in caplog.text


async def test_a_disk_that_fails_in_between_takes_no_other_picture_along(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = kept(number=1), kept(number=2)
    await put(store, bad, good)
    (tmp_path / f"pictures/incoming/{bad.incident.id}.jpg").mkdir(parents=True)
    pictures = Pictures(store, PictureFolder(tmp_path))
    pictures.add(peak(bad))
    pictures.add(peak(good))
    await pictures.flush()
    assert (pictures.waiting, pictures.kept, pictures.dropped) == (0, 1, {"disk": 1})
    assert bad.incident.id in caplog.text
    assert (await now(store, bad)).picture is None
    assert await level(pictures, await now(store, good)) is not None


async def test_cancelled_it_goes_on_later(store: Store, tmp_path: Path) -> None:
    one = kept()
    await put(store, one)
    pictures = Pictures(store, PictureFolder(tmp_path))
    pictures.add(peak(one))
    task = asyncio.create_task(pictures.flush())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert pictures.waiting == 1
    await pictures.flush()
    assert await level(pictures, await now(store, one)) is not None
