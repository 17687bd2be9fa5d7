"""Labelled folders: by subfolder or by manifest; what is wrong with one is said in one line."""

import os
from pathlib import Path

import pytest

from inference.evaluation.folder import read_folder
from inference.evaluation.labelled import EvaluationError
from tests.inference.evaluation.pictures import GORE, OTHER, write_folder, write_grey, write_manifest_csv


def _refused(folder: Path, split: str | None = None) -> str:
    with pytest.raises(EvaluationError) as caught:
        read_folder(folder, split)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_subfolders_are_labels_categories_and_groups(tmp_path: Path) -> None:
    write_grey(tmp_path / "gore" / "a.png", GORE)
    write_grey(tmp_path / "gore" / "wound" / "b.png", GORE)
    write_grey(tmp_path / "safe" / "street" / "clip 1" / "c.png", OTHER)
    found = read_folder(tmp_path)
    assert [(one.file, one.gore, one.category, one.group) for one in found.pictures] == [
        ("gore/a.png", True, None, None),
        ("gore/wound/b.png", True, "wound", None),
        ("safe/street/clip 1/c.png", False, "street", "safe/street/clip 1"),
    ]


def test_other_and_hidden_files_are_no_pictures(tmp_path: Path) -> None:
    write_folder(tmp_path)
    write_grey(tmp_path / "positive" / ".trash" / "x.png", GORE)
    (tmp_path / "positive" / "notes.txt").write_text("nothing")
    (tmp_path / "README.md").write_text("nothing")
    found = read_folder(tmp_path)
    assert (len(found.pictures), found.left_out) == (7, 0)


def test_a_picture_is_known_by_its_bytes_or_its_name(tmp_path: Path) -> None:
    write_grey(tmp_path / "gore" / "a.png", GORE).rename(tmp_path / "gore" / "a")
    (tmp_path / "gore" / "b.JPG").write_text("no picture, but meant to be one")
    assert [one.file for one in read_folder(tmp_path).pictures] == ["gore/a", "gore/b.JPG"]


def test_pictures_beside_the_label_folders_are_counted(tmp_path: Path) -> None:
    write_grey(write_folder(tmp_path) / "overview.png", OTHER)
    assert read_folder(tmp_path).left_out == 1


def test_a_manifest_says_what_is_what(tmp_path: Path) -> None:
    write_grey(tmp_path / "x" / "a.png", GORE)
    write_grey(tmp_path / "x" / "b.png", OTHER)
    write_grey(tmp_path / "x" / "not listed.png", OTHER)
    rows = ("x/a.png,gore,wound,val,v1", "x/b.png,safe,street,train,")
    write_manifest_csv(tmp_path, *rows, header="file,label,category,split,group")
    first, second = read_folder(tmp_path).pictures
    assert (first.file, first.gore, first.category, first.group) == ("x/a.png", True, "wound", "v1")
    assert (second.file, second.gore, second.group) == ("x/b.png", False, None)
    assert [one.file for one in read_folder(tmp_path, "val").pictures] == ["x/a.png"]


def test_a_manifest_from_a_spreadsheet(tmp_path: Path) -> None:
    write_grey(tmp_path / "a b,c.png", GORE)
    (tmp_path / "manifest.csv").write_bytes('\ufefffile,label\r\n"a b,c.png",Positive\r\n'.encode())
    assert [one.file for one in read_folder(tmp_path).pictures] == ["a b,c.png"]


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    assert "does not exist" in _refused(tmp_path / "nowhere")
    assert "is a file" in _refused(write_grey(tmp_path / "a.png", 0))


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "no labelled picture" in _refused(tmp_path)
    (tmp_path / "positive").mkdir()
    assert "no labelled picture" in _refused(tmp_path)


def test_an_unlabelled_folder(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "holiday/c.png"):
        write_grey(tmp_path / name, OTHER)
    said = _refused(tmp_path)
    assert "3 pictures" in said
    assert "manifest.csv" in said


def test_a_subfolder_whose_name_is_no_label(tmp_path: Path) -> None:
    write_grey(write_folder(tmp_path) / "postive" / "a.png", GORE)
    said = _refused(tmp_path)
    assert "postive" in said
    assert "rename" in said


def test_a_label_of_an_unknown_word(tmp_path: Path) -> None:
    write_manifest_csv(tmp_path, "a.png,gore", "b.png,perhaps")
    write_grey(tmp_path / "a.png", GORE)
    said = _refused(tmp_path)
    assert "Line 3" in said
    assert "'perhaps'" in said


def test_a_row_whose_file_is_missing_is_named_and_costs_no_other(tmp_path: Path) -> None:
    write_manifest_csv(tmp_path, "a.png,gore", "gone.png,safe")
    write_grey(tmp_path / "a.png", GORE)
    found = read_folder(tmp_path)
    assert [one.file for one in found.pictures] == ["a.png"]
    assert [(one.file, one.reason) for one in found.unreadable] == [("gone.png", "there is no such file")]


def test_a_manifest_whose_files_are_all_missing(tmp_path: Path) -> None:
    write_manifest_csv(tmp_path, "gone.png,safe")
    assert "gone.png: there is no such file" in _refused(tmp_path)


@pytest.mark.parametrize("name", ["../outside.png", "a/../../outside.png", "{root}/outside.png", "link.png", "x\0.png"])
def test_a_manifest_may_not_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    outside = write_grey(tmp_path / "outside.png", GORE)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.png").symlink_to(outside)
    write_manifest_csv(folder, f"{name.format(root=tmp_path)},gore")
    assert "outside the folder" in _refused(folder)


def test_a_link_out_of_a_label_folder_is_not_followed(tmp_path: Path) -> None:
    outside = write_grey(tmp_path / "outside.png", GORE)
    folder = write_folder(tmp_path / "folder")
    (folder / "positive" / "link.png").symlink_to(outside)
    found = read_folder(folder)
    assert len(found.pictures) == 7
    assert [one.file for one in found.unreadable] == ["positive/link.png"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no column file"),
        (b"name,label\na.png,gore\n", "no column file"),
        (b"file,kind\na.png,gore\n", "no column label"),
        (b"file,label\n", "no labelled picture"),
        (b"file,label\n\xff\xfe.png,gore\n", "UTF-8"),
        (b"file,label\n" + b"x" * 200_000 + b",gore\n", "no CSV"),
        (b"file,label\na.png,gore\na.png,safe\n", "again, as line 2"),
    ],
)
def test_a_manifest_that_cannot_be_used(tmp_path: Path, content: bytes, said: str) -> None:
    write_grey(tmp_path / "a.png", GORE)
    (tmp_path / "manifest.csv").write_bytes(content)
    assert said in _refused(tmp_path)


def test_a_split_that_is_not_there(tmp_path: Path) -> None:
    write_folder(tmp_path)
    assert "--split needs" in _refused(tmp_path, "val")
    write_manifest_csv(tmp_path, "positive/wound/0.png,gore,train", header="file,label,split")
    assert "there are: train" in _refused(tmp_path, "val")


def test_a_pipe_in_the_place_of_a_picture_is_not_waited_for(tmp_path: Path) -> None:
    write_grey(tmp_path / "a.png", GORE)
    os.mkfifo(tmp_path / "pipe.png")
    write_manifest_csv(tmp_path, "a.png,gore", "pipe.png,safe")
    assert [one.file for one in read_folder(tmp_path).unreadable] == ["pipe.png"]
