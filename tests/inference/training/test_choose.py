"""Sources and licences are left out as named, and a name that fits nothing is said to."""

import pytest

from inference.training.choose import LICENCE_KINDS, licence_kind, licensed, without
from inference.training.picture import DataError, Picture

UNCLEAR = "none stated; stills from feature films and series, rights unclear"


def _picture(repository: str, name: str, licence: str = "MIT") -> Picture:
    source = "clinic/one" if repository == "clinic/two" else repository
    return Picture(f"negative/x/{name}", False, "x", source, licence, "train", repository)


PICTURES = [
    _picture("GuptaDiva/RescueVision", "rescue__blood-0001__ab.jpg", UNCLEAR),
    _picture("GuptaDiva/RescueVision", "rescue__normal-COCO__ab.jpg", "none stated; MS COCO pictures"),
    _picture("clinic/one", "koenwound__1__ab.jpg", "BSDS500 (research use)"),
    _picture("clinic/two", "fuseg__1__ab.jpg", "FUSeg challenge (research use), UWM BigData"),
    _picture("crawl/tiles", "crawltiles__1__ab.jpg", "CC0 1.0"),
    _picture("freedoom/freedoom", "freedoom__1__ab.jpg"),
]


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("GuptaDiva/RescueVision", {"rescue__blood-0001__ab.jpg", "rescue__normal-COCO__ab.jpg"}),
        ("rescue", {"rescue__blood-0001__ab.jpg", "rescue__normal-COCO__ab.jpg"}),
        ("rescue__blood", {"rescue__blood-0001__ab.jpg"}),
        ("RescueV", {"rescue__blood-0001__ab.jpg", "rescue__normal-COCO__ab.jpg"}),
        ("clinic/two", {"fuseg__1__ab.jpg"}),
        ("crawl", {"crawltiles__1__ab.jpg"}),
        ("freedoom", {"freedoom__1__ab.jpg"}),
    ],
)
def test_a_source_is_left_out_by_its_name_or_a_beginning(name: str, left_out: set[str]) -> None:
    kept = {picture.file for picture in without(PICTURES, [name])}
    assert {picture.file.rpartition("/")[2] for picture in PICTURES if picture.file not in kept} == left_out


def test_several_sources_are_left_out_and_none_leaves_all() -> None:
    assert len(without(PICTURES, ["crawl/tiles", "rescue__blood", "clinic/two"])) == 3
    assert without(PICTURES, []) == PICTURES


def test_an_unknown_source_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(
        DataError, match=r"no source is called 'imagenet'; there are GuptaDiva/RescueVision, clinic/one"
    ):
        without(PICTURES, ["imagenet"])


@pytest.mark.parametrize("name", ["f", "clinic", "c"])
def test_a_beginning_that_fits_several_is_an_error(name: str) -> None:
    with pytest.raises(DataError, match=r"fits several sources .*write more of it"):
        without(PICTURES, [name])


def test_an_empty_name_leaves_nothing_out_by_mistake() -> None:
    with pytest.raises(DataError, match="--without takes the name of a source"):
        without(PICTURES, [""])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("MIT", "permissive"),
        ("CC0 1.0", "permissive"),
        ("CC BY-SA 3.0 (as stated in bones/README.md); rendered here, synthetic", "share-alike"),
        ("m2cai16-tool-locations (research, CC BY-NC-SA 4.0 as published)", "non-commercial"),
        ("ImageNet images (research use)", "research"),
        (UNCLEAR, "unclear"),
        ("none stated; stills from feature films and series (staged, fake blood), rights unclear", "unclear"),
        ("repo GPL-3.0; web images, rights unclear", "unclear"),
        ("MIT, probably", "unclear"),
        ("", "unclear"),
    ],
)
def test_a_licence_is_of_a_kind_and_an_unread_one_is_unclear(text: str, kind: str) -> None:
    assert licence_kind(text) == kind


def test_only_the_kinds_asked_for_are_used() -> None:
    assert [picture.repository for picture in licensed(PICTURES, ["permissive"])] == [
        "crawl/tiles",
        "freedoom/freedoom",
    ]
    assert len(licensed(PICTURES, ["permissive", "research"])) == 4
    assert sum(len(licensed(PICTURES, [kind])) for kind in LICENCE_KINDS) == len(PICTURES)


def test_an_unknown_kind_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(DataError, match="no such kind of licence: free; there are permissive, share-alike"):
        licensed(PICTURES, ["free"])
