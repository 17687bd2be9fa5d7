"""Pictures are scored exactly as in the service, and one that cannot be read costs no other."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.evaluation.folder import read_folder
from inference.evaluation.labelled import EvaluationError
from inference.evaluation.scoring import read_picture, score_pictures
from inference.model import Model
from stream.address import parse
from stream.errors import SourceError
from stream.options import SourceOptions
from stream.pool import WorkerPool
from stream.sample import Pixels, Sample
from stream.scale import Scaler
from tests.inference.evaluation.pictures import GORE, write_folder, write_grey
from tests.inference.onnx_models import write_tiny

_SIDE_PX = 224


@pytest.fixture
def tiny(tmp_path: Path) -> Model:
    folder = tmp_path / "model"
    folder.mkdir()
    return Model.load(write_tiny(folder), provider="cpu")


def _photograph(path: Path, size: tuple[int, int], kind: str, **more: object) -> Path:
    """Something with edges and noise, so that every way of scaling gives other pixels."""
    rng = np.random.default_rng(len(path.name))
    coarse = Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    noisy = np.asarray(coarse).astype(int) + rng.integers(-20, 20, (size[1], size[0], 3))
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path, kind, **more)
    return path


async def _sampled(paths: list[Path]) -> list[Pixels]:
    found = []
    async with WorkerPool(1, width_px=_SIDE_PX, height_px=_SIDE_PX) as pool:
        for path in paths:
            source = await pool.pull(parse(str(path)), SourceOptions(trusted=True))
            async for item in source:
                if isinstance(item, Sample):
                    found.append(item.pixels.copy())
                    source.release(item)
            await source.aclose()
    return found


def test_a_picture_becomes_the_very_pixels_that_the_service_scores(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    paths = [
        _photograph(tmp_path / "large.jpg", (640, 360), "JPEG", quality=85),
        _photograph(tmp_path / "turned.jpg", (320, 200), "JPEG", exif=exif),
        _photograph(tmp_path / "reduced.jpg", (1920, 1440), "JPEG"),
        _photograph(tmp_path / "reduced.jp2", (1921, 1443), "JPEG2000"),
        _photograph(tmp_path / "reduced.png", (1921, 1443), "PNG"),
        _photograph(tmp_path / "small.png", (128, 96), "PNG"),
        _photograph(tmp_path / "odd.webp", (321, 223), "WEBP"),
    ]
    sampled = asyncio.run(_sampled(paths))
    assert len(sampled) == len(paths)
    scaler = Scaler()
    for path, wanted in zip(paths, sampled, strict=True):
        target = np.zeros((_SIDE_PX, _SIDE_PX, 3), np.uint8)
        read_picture(path, scaler, target)
        assert np.array_equal(target, wanted), path.name


@pytest.mark.parametrize("threads", [1, 3])
def test_scores_keep_the_order_of_the_pictures(tmp_path: Path, tiny: Model, threads: int) -> None:
    levels = [(37 * number) % 256 for number in range(50)]
    for number, level in enumerate(levels):
        write_grey(tmp_path / "data" / "safe" / f"{number:02}.png", level)
    heard: list[int] = []
    scored = score_pictures(read_folder(tmp_path / "data"), tiny, threads=threads, told=heard.append)
    wanted = 1.0 / (1.0 + np.exp(4.0 - np.array(levels) / 32.0))
    assert scored.prob == pytest.approx(wanted, abs=1e-5)
    assert scored.prob.dtype == np.float32
    assert sum(heard) == 50


def test_an_unreadable_picture_among_good_ones_is_named(tmp_path: Path, tiny: Model) -> None:
    folder = write_folder(tmp_path / "data")
    (folder / "positive" / "wound" / "html.jpg").write_text("<html>")
    (folder / "positive" / "wound" / "none.png").write_bytes(b"")
    whole = _photograph(folder / "negative" / "street" / "cut.jpg", (64, 64), "JPEG").read_bytes()
    (folder / "negative" / "street" / "cut.jpg").write_bytes(whole[:400])
    write_grey(folder / "negative" / "street" / "thin.png", GORE, size=(400, 3))
    scored = score_pictures(read_folder(folder), tiny, threads=2)
    assert len(scored.pictures) == len(scored.prob) == 7
    assert sorted(one.file for one in scored.unreadable) == [
        "negative/street/cut.jpg",
        "negative/street/thin.png",
        "positive/wound/html.jpg",
        "positive/wound/none.png",
    ]
    assert all(one.reason for one in scored.unreadable)


def test_a_picture_that_claims_to_be_enormous_is_not_decoded(tmp_path: Path, tiny: Model) -> None:
    folder = write_folder(tmp_path / "data")
    Image.new("1", (20_000, 20_000)).save(folder / "negative" / "bomb.png")
    (unreadable,) = score_pictures(read_folder(folder), tiny).unreadable
    assert unreadable.file == "negative/bomb.png"


def test_not_one_that_can_be_read(tmp_path: Path, tiny: Model) -> None:
    (tmp_path / "data" / "gore").mkdir(parents=True)
    (tmp_path / "data" / "gore" / "a.jpg").write_text("no picture")
    with pytest.raises(EvaluationError, match=r"Not one of the 1 pictures.*gore/a\.jpg"):
        score_pictures(read_folder(tmp_path / "data"), tiny)


def test_whatever_a_decoder_throws_is_about_that_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Which files make Pillow raise something unheard of changes with its version.
    def fail(*_: object) -> None:
        raise IndexError("tuple index out of range")

    monkeypatch.setattr("inference.evaluation.scoring.read_still", fail)
    with pytest.raises(SourceError, match=r"a\.png cannot be decoded \(IndexError\)"):
        read_picture(tmp_path / "a.png", Scaler(), np.zeros((8, 8, 3), np.uint8))


def test_names_that_are_not_utf_8_can_be_read(tmp_path: Path, tiny: Model) -> None:
    plain = write_grey(tmp_path / "data" / "gore" / "a.png", GORE)
    plain.rename(plain.with_name("\udcff.png"))
    assert len(score_pictures(read_folder(tmp_path / "data"), tiny).pictures) == 1
