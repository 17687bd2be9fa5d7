"""Which pictures a training may use: without some sources, or only under some kinds of licences."""

import argparse
from collections.abc import Callable, Collection
from typing import Literal, get_args

from inference.training.picture import DataError, Picture

LicenceKind = Literal["permissive", "share-alike", "non-commercial", "research", "unclear"]
LICENCE_KINDS: tuple[LicenceKind, ...] = get_args(LicenceKind)

_WOUNDS = "repo MIT; images from Kaggle ibrahimfateen/wound-classification (AZH + web), research use, rights mixed"
_KIND: dict[str, LicenceKind] = {
    "MIT": "permissive",
    "BSD-3-Clause": "permissive",
    "Apache-2.0": "permissive",
    "CC0 1.0": "permissive",
    "CC0 1.0 (public domain, as stated in the README)": "permissive",
    "ISC-like permissive (repo licence); rendered here, synthetic": "permissive",
    "CHASE_DB1 (CC BY 4.0 as published)": "permissive",
    "none stated; BUSI breast ultrasound (CC BY 4.0 as published)": "permissive",
    "none stated; tf_flowers derived (CC BY)": "permissive",
    "CC BY-SA 3.0 (as stated in bones/README.md); rendered here, synthetic": "share-alike",
    "m2cai16-tool-locations (research, CC BY-NC-SA 4.0 as published)": "non-commercial",
    "BSDS500 (research use)": "research",
    "CamVid (research use)": "research",
    "FUSeg challenge (research use), UWM BigData": "research",
    "Food-101 pictures (research use), terms in license_agreement.txt": "research",
    "ImageNet images (research use)": "research",
    "none stated; BIVTatt research set": "research",
    "none stated; Kaggle brain MRI set (research use)": "research",
    "none stated; MS COCO pictures (Flickr, CC licences, research use)": "research",
    "none stated; NIH ChestX-ray8 and public COVID radiographs (research use)": "research",
    "none stated; collected public COVID CT slices (research use)": "research",
    "none stated; forensic BPA research images (Attinger et al. sets)": "research",
    _WOUNDS: "research",  # offered for research; part of it was gathered from the web
    # A repository's licence covers what its owner made, and these were gathered from the web.
    "repo GPL-3.0; web images, rights unclear": "unclear",
    "none stated; Roboflow/Kaggle meat-freshness set": "unclear",
    "none stated; dash-cam and traffic-camera frames, rights unclear": "unclear",
    "none stated; stills from feature films and series (staged, fake blood), rights unclear": "unclear",
    "none stated; stills from feature films and series, rights unclear": "unclear",
    "none stated; student forensic BPA set (web, fake blood and DALL-E images)": "unclear",
    "none stated; web dermatology pictures": "unclear",
    "none stated; web pictures": "unclear",
    "none stated; web/face-set images": "unclear",
}
"""What the words of the manifest's licence column amount to. The publisher's own terms decide, not this table."""


def licence_kind(text: str) -> LicenceKind:
    """The kind of a licence text; one that nobody has read yet is unclear."""
    return _KIND.get(text, "unclear")


def licensed(pictures: list[Picture], kinds: Collection[str]) -> list[Picture]:
    """The pictures whose licence is of one of the kinds. Raises `DataError` for a kind that there is not."""
    unknown = sorted(set(kinds) - set(LICENCE_KINDS))
    if unknown:
        raise DataError(f"no such kind of licence: {', '.join(unknown)}; there are {', '.join(LICENCE_KINDS)}")
    return [picture for picture in pictures if licence_kind(picture.licence) in kinds]


def without(pictures: list[Picture], sources: Collection[str]) -> list[Picture]:
    """The pictures that are of none of `sources`.

    A source is a repository, the beginning of one repository's name, or the beginning of file names of one collection,
    such as `rescue__blood`. Raises `DataError` for a name that fits nothing or several.
    """
    left_out: set[str] = set()
    for name in sources:
        left_out |= {picture.file for picture in _named(pictures, name)}
    return [picture for picture in pictures if picture.file not in left_out]


def _named(pictures: list[Picture], name: str) -> list[Picture]:
    repositories = {_repository(picture) for picture in pictures}
    if not name:
        raise DataError(f"--without takes the name of a source: {_known(pictures)}")
    if name in repositories:
        return [picture for picture in pictures if _repository(picture) == name]
    starting = {each for each in repositories if each.startswith(name) or each.partition("/")[2].startswith(name)}
    files = [picture for picture in pictures if _name(picture).startswith(name)]
    collections = {_name(picture).partition("__")[0] for picture in files}
    if name in collections:
        return [picture for picture in files if _name(picture).partition("__")[0] == name]
    several = len(starting) > 1 or len(collections) > 1
    if several or (starting and files and {_repository(picture) for picture in files} != starting):
        raise DataError(
            f"{name!r} fits several sources ({', '.join(sorted(starting | collections))}): write more of it"
        )
    if starting:
        return [picture for picture in pictures if _repository(picture) in starting]
    if not files:
        raise DataError(f"no source is called {name!r}; there are {_known(pictures)}")
    return files


def _repository(picture: Picture) -> str:
    return picture.repository or picture.source


def _name(picture: Picture) -> str:
    return picture.file.rpartition("/")[2]


def _known(pictures: list[Picture]) -> str:
    return ", ".join(sorted({_repository(picture) for picture in pictures}))


def add_options(parser: argparse.ArgumentParser) -> None:
    """--without and --licence, for every command that reads the data."""
    parser.add_argument(
        "--without",
        nargs="+",
        default=[],
        metavar="SOURCE",
        help="leave out these sources: a repository, or how its files' names begin (rescue__blood)",
    )
    parser.add_argument(
        "--licence",
        nargs="+",
        default=[],
        metavar="KIND",
        help=f"use only pictures under these kinds of licences: {', '.join(LICENCE_KINDS)}",
    )


def at_least(least: int) -> Callable[[str], int]:
    """What reads a whole number that is not below `least`, as an option's `type`."""

    def whole(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from {least}")
        return int(text)

    return whole
