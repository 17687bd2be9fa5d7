"""What the data holds, as Markdown tables for the model card and the person who trains."""

from collections import Counter
from collections.abc import Sequence

from inference.training.choose import LICENCE_KINDS, licence_kind
from inference.training.folds import family, source_folds, unsupported
from inference.training.groups import Sides, sizes
from inference.training.picture import Picture


def report(pictures: Sequence[Picture], sides: Sides, pairs: Sequence[tuple[Picture, Picture]], folds: int) -> str:
    """Everything below, with headings. `pairs` are the near-duplicates among all pictures, kept or not."""
    parts = ["## Pictures by category", by_category(pictures), "## Pictures by source", by_source(pictures)]
    parts += [
        "## Pictures by licence",
        by_licence(pictures),
        "## What belongs together",
        together(pictures, sides, pairs),
    ]
    if len({picture.source for picture in pictures}) > 1:
        parts += ["## Sources left out in turn", by_fold(pictures, folds)]
    return "\n\n".join(parts) + "\n"


def by_category(pictures: Sequence[Picture]) -> str:
    """Label, category, and how many pictures of it are in train and in val; with sums."""
    counts: Counter[tuple[bool, str, str]] = Counter()
    for picture in pictures:
        for category in (picture.category, ""):
            counts[picture.gore, category, picture.split] += 1
    kinds = sorted({(not gore, not category, category) for gore, category, _ in counts})
    return _table(
        ("label", "category", "train", "val"),
        [
            (
                "negative" if other else "positive",
                category or "**all**",
                counts[not other, category, "train"],
                counts[not other, category, "val"],
            )
            for other, _, category in kinds
        ],
    )


def by_source(pictures: Sequence[Picture]) -> str:
    """Repository, pictures of either label in train and val, its categories and its licences as stated."""
    rows: list[tuple[str | int, ...]] = []
    for repository in sorted({picture.repository or picture.source for picture in pictures}):
        own = [picture for picture in pictures if (picture.repository or picture.source) == repository]
        split = Counter((picture.gore, picture.split) for picture in own)
        rows.append(
            (
                repository,
                *(split[gore, side] for gore in (True, False) for side in ("train", "val")),
                ", ".join(sorted({picture.category for picture in own})),
                " / ".join(sorted({picture.licence for picture in own})),
            )
        )
    header = ("repository", "positive train", "positive val", "negative train", "negative val", "categories", "licence")
    return _table(header, rows)


def by_licence(pictures: Sequence[Picture]) -> str:
    """Kind of licence and how many positive and negative pictures there are under it."""
    counts = Counter((licence_kind(picture.licence), picture.gore) for picture in pictures)
    rows = [(kind, counts[kind, True], counts[kind, False]) for kind in LICENCE_KINDS]
    return _table(("licence", "positive", "negative"), [row for row in rows if any(row[1:])])


def together(pictures: Sequence[Picture], sides: Sides, pairs: Sequence[tuple[Picture, Picture]]) -> str:
    """The groups, which of them the folder's split had on both sides, and the copies across splits and sources."""
    across_splits = sum(first.split != second.split for first, second in pairs)
    across_sources = [(first, second) for first, second in pairs if first.source != second.source]
    summary = (
        f"{len(pairs)} pairs of near-duplicates, {across_splits} of them across the split and {len(across_sources)} "
        f"across sources. {len(sides.crossings)} groups stood on both sides of the split; of each the side with fewer "
        f"pictures was left out, {len(sides.left_out)} pictures in all; {len(pictures)} are kept."
    )
    counted = [(kind, *counts) for kind, counts in sizes(pictures).items()]
    lines = [summary, _table(("groups of", "groups", "pictures"), counted)]
    if sides.crossings:
        crossing = [(each.group, each.train, each.val, each.left_out) for each in sides.crossings]
        lines.append(_table(("group on both sides", "train", "val", "left out"), crossing))
    if across_sources:
        alike = [(first.file, second.file) for first, second in across_sources]
        lines.append(_table(("near-duplicate", "in another source"), alike))
    return "\n\n".join(lines)


def by_fold(pictures: Sequence[Picture], folds: int) -> str:
    """The folds of sources: their sizes, their families, and those that hardly any other source has."""
    rows: list[tuple[str | int, ...]] = []
    for number, fold in enumerate(source_folds(pictures, folds), 1):
        own = [picture for picture in pictures if picture.source in fold]
        gore = sum(picture.gore for picture in own)
        families = sorted({family(picture.category) for picture in own})
        alone = ", ".join(
            f"{name} ({left} of {held + left})" for name, (held, left) in unsupported(pictures, fold).items()
        )
        rows.append((number, ", ".join(sorted(fold)), gore, len(own) - gore, ", ".join(families), alone))
    return _table(("fold", "sources", "positive", "negative", "families", "hardly left in training"), rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str | int]]) -> str:
    numbers = [bool(rows) and all(isinstance(row[at], int) for row in rows) for at in range(len(header))]
    lines = [header, ["---:" if number else "---" for number in numbers], *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
