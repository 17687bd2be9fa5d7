"""Stills of a labelled folder and drawn ones; folders that will not do."""

from pathlib import Path

import pytest
from PIL import Image

from web.bench.alerts.material import drawn_material, read_material
from web.commands.common import CommandError

HEAD = "file,label,category,source_repo,source_path,licence,split\n"
ROWS = (
    "a.png,positive,wound_cut,x,y,z,val\n"
    "b.png,negative,ordinary_coco,x,y,z,val\n"
    "c.png,negative,food_meat,x,y,z,val\n"
    "d.png,positive,wound_cut,x,y,z,train\n"
)


def folder(tmp_path: Path, table: str) -> Path:
    (tmp_path / "manifest.csv").write_text(table)
    for name in "abc":
        Image.new("RGB", (20, 20)).save(tmp_path / f"{name}.png")
    return tmp_path


def test_only_the_validation_split_is_used(tmp_path: Path) -> None:
    material = read_material(folder(tmp_path, HEAD + ROWS))
    assert [still.file for still in material.gore] == ["a.png"]
    assert {still.file: still.hard for still in material.ordinary} == {"b.png": False, "c.png": True}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (HEAD, "needs rows of both labels"),
        (HEAD + ROWS.replace("positive", "negative"), "needs rows of both labels"),
        (HEAD + ROWS.replace("val", "train"), "needs rows of both labels"),
        ("name,class\na.png,1\n", "lacks the columns category, file, label, split"),
        (HEAD + ROWS.replace("c.png", "e.png"), "1 pictures of .* are missing, such as e.png"),
        ("\x00\xff", "lacks the columns"),
    ],
)
def test_folders_that_will_not_do(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        read_material(folder(tmp_path, table))


def test_a_folder_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="takes a labelled folder"):
        read_material(tmp_path)


def test_drawn_stills(tmp_path: Path) -> None:
    material = drawn_material(tmp_path)
    assert len(material.gore) >= 5
    assert len(material.ordinary) >= 30
    for still in (*material.gore, *material.ordinary):
        with Image.open(tmp_path / still.file) as picture:
            assert picture.size == (640, 360)
