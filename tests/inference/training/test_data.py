"""The folder's table: what is wrong with it is said in one line, and what it holds is counted."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inference.training.data import DataError, main, prepare, read_pictures

COLUMNS = ("file", "label", "category", "source_repo", "source_path", "licence", "split")
ROW = ("a.png", "positive", "wound_burn", "clinic/one", "x", "MIT", "train")


def _draw(path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (120, 90), tuple(rng.integers(0, 256, 3).tolist()))
    for _ in range(25):
        left, top, width, height = rng.integers(4, 70, 4).tolist()
        colour = tuple(rng.integers(0, 256, 3).tolist())
        ImageDraw.Draw(picture).ellipse((left, top, left + width, top + height), fill=colour)
    picture.save(path)


def _folder(folder: Path, *rows: tuple[str, ...], columns: tuple[str, ...] = COLUMNS) -> Path:
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
    for seed, row in enumerate(rows):
        if row[0].endswith(".png") and "/" not in row[0]:
            _draw(folder / row[0], seed)
    return folder


def _with(column: str, value: str) -> tuple[str, ...]:
    return tuple(value if name == column else old for name, old in zip(COLUMNS, ROW, strict=True))


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.csv is not there: --data takes a folder"):
        read_pictures(tmp_path)
    with pytest.raises(DataError, match="is not there"):
        read_pictures(tmp_path / "nowhere")


def test_a_table_without_rows_or_columns_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no rows"):
        read_pictures(_folder(tmp_path))
    with pytest.raises(DataError, match="lacks the columns licence, split"):
        read_pictures(_folder(tmp_path, ROW[:5], columns=COLUMNS[:5]))
    (tmp_path / "manifest.csv").write_bytes(b"")
    with pytest.raises(DataError, match="lacks the columns file, label"):
        read_pictures(tmp_path)


def test_a_table_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_bytes(f"{','.join(COLUMNS)}\n\xff".encode("latin-1"))
    with pytest.raises(DataError, match="cannot be read as a UTF-8 table"):
        read_pictures(tmp_path)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (_with("label", "gore"), "line 2: label is 'gore', but must be positive or negative"),
        (_with("split", "test"), "line 2: split is 'test', but must be train or val"),
        (_with("category", " "), "line 2: category is empty"),
        (ROW[:4], "line 2: split is ''"),
        (_with("file", "../a.png"), r"line 2: '\.\./a\.png' is no path inside the folder"),
        (_with("file", "b/../../a.png"), "is no path inside the folder"),
        (_with("file", "/etc/passwd"), "is no path inside the folder"),
        (_with("file", "..\\a.png"), "is no path inside the folder"),
        (_with("file", "C:a.png"), "is no path inside the folder"),
    ],
)
def test_a_row_that_cannot_be_is_told_with_its_line(tmp_path: Path, row: tuple[str, ...], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_pictures(_folder(tmp_path, row))


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "data"
    inside.mkdir()
    _draw(tmp_path / "secret.png", 1)
    _folder(inside, _with("file", "negative/a.png"))
    (inside / "negative").mkdir()
    (inside / "negative" / "a.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(DataError, match="leads out of"):
        read_pictures(inside)


def test_missing_files_are_listed(tmp_path: Path) -> None:
    folder = _folder(tmp_path, *(_with("file", f"{number}.png") for number in range(9)))
    for number in range(1, 8):
        (folder / f"{number}.png").unlink()
    with pytest.raises(DataError, match=r"lacks 1\.png, 2\.png, 3\.png, 4\.png, 5\.png and 2 more"):
        read_pictures(folder)


def test_a_file_named_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"names a\.png more than once"):
        read_pictures(_folder(tmp_path, ROW, _with("split", "val")))


def test_two_collections_of_one_clinic_are_one_source(tmp_path: Path) -> None:
    rows = [
        _with("source_repo", "uwm-bigdata/wound-segmentation"),
        (*("b.png", "positive", "wound_ulcer", "koen-sikkema/Wound-Classification-DL"), *ROW[4:]),
    ]
    first, second = read_pictures(_folder(tmp_path, *rows))
    assert first.source == second.source
    assert first.repository == "uwm-bigdata/wound-segmentation"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sources, six pictures each; one of the second's `val` is a mirrored copy of one in its `train`."""
    rows = [
        (f"{name}-{number}.png", label, category, source, "x", licence, "val" if number > 3 else "train")
        for name, label, category, source, licence in (
            ("wounds", "positive", "wound_burn", "clinic/one", "none stated; web pictures"),
            ("meals", "negative", "food_meat", "kitchen/two", "MIT"),
        )
        for number in range(6)
    ]
    _folder(tmp_path, *rows)
    with Image.open(tmp_path / "meals-1.png") as picture:
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "meals-5.png")
    return tmp_path


def test_a_copy_on_the_other_side_is_left_out(folder: Path) -> None:
    prepared = prepare(folder)
    assert [(first.file, second.file) for first, second in prepared.pairs] == [("meals-1.png", "meals-5.png")]
    assert [picture.file for picture in prepared.sides.left_out] == ["meals-1.png"]
    assert len(prepared.pictures) == 11


def test_sources_and_licences_are_left_out_before_copies_are_sought(folder: Path) -> None:
    assert {picture.source for picture in prepare(folder, without=["kitchen"]).pictures} == {"clinic/one"}
    assert {picture.source for picture in prepare(folder, licences=["permissive"]).pictures} == {"kitchen/two"}
    with pytest.raises(DataError, match="no picture is left"):
        prepare(folder, without=["kitchen"], licences=["permissive"])


def test_the_command_prints_counts_copies_and_folds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--data", str(folder), "--folds", "2"])
    printed = capsys.readouterr().out
    assert "| negative | food_meat | 3 | 2 |" in printed
    assert "| positive | **all** | 4 | 2 |" in printed
    assert "| kitchen/two | 0 | 0 | 3 | 2 | food_meat | MIT |" in printed
    assert "| unclear | 6 | 0 |" in printed
    assert "1 pairs of near-duplicates, 1 of them across the split" in printed
    assert "| copies: meals-1.png | 1 | 1 | train |" in printed
    assert "| kitchen/two | 0 | 5 | food | food (0 of 5) |" in printed


def test_the_command_says_an_error_in_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--without", "nobody"], ["--licence", "free"], ["--folds", "1"]):
        with pytest.raises(SystemExit) as stopped:
            main(["--data", str(folder), *arguments])
        assert stopped.value.code == 2
        said = capsys.readouterr()
        assert said.err.startswith("error: ")
        assert said.err.count("\n") == 1
        assert said.out == ""
