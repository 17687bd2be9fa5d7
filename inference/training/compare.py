"""The one command that measures what the choice of the network rests on, and writes it as a page.

    python -m inference.training.compare --data FOLDER --out docs/detector-choice.md

What was measured is kept in the scratch folder: a command that was interrupted goes on, and one with more pictures or
another part uses what is there.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from inference.training import choose
from inference.training.comparison.machine import commit, machine
from inference.training.comparison.parts import PARTS, Comparison
from inference.training.comparison.sources import asked
from inference.training.comparison.table import document
from inference.training.comparison.tails import LEAST_VIEWS
from inference.training.data import prepare
from inference.training.memory import keep_freed_memory
from inference.training.picture import DataError

_ABOUT = (
    "Written by `python -m inference.training.compare`; do not edit. Every figure is of pictures from sources that the "
    "network that scored them saw nothing of, nor any near-duplicate: whole sources are left out in turn, in "
    "{folds} folds, and the probabilities of a fold are calibrated on validation pictures of the sources that it kept. "
    "A row of – was not measured yet. Figures of different tables do not compare where they ask about different "
    "pictures or learn from different ones."
)
_COST = (
    "`ms` is processor time for one picture with ONNX Runtime on one thread, the fastest of 30 runs; `MB` is the fp32 "
    "file without its classifier, in millions of bytes. The interval is of 400 draws of the pictures, gore and the "
    "rest apart; it says nothing of other sources."
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write. An error is one line on standard error and exit code 2."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args(given)
    torch.set_num_threads(1)
    keep_freed_memory()
    try:
        pictures = prepare(options.data, without=options.without, licences=options.licence).pictures
        chosen = asked(pictures, options.folds, only=options.only_folds, count=options.pictures)
    except DataError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(2) from None
    having = Comparison(options.data, options.scratch, chosen, options.views, make_more=not options.measured)
    parts = [PARTS[name](having) for name in options.only or PARTS]
    page = document([_ABOUT.format(folds=options.folds), _COST, _made(given)], parts)
    if options.out is None:
        sys.stdout.write(page)
    else:
        options.out.write_text(page, encoding="utf-8")


def _made(given: Sequence[str]) -> str:
    hidden = {"--data": "FOLDER", "--scratch": "DIR", "--out": "FILE"}
    shown = [hidden.get(before, word) for before, word in zip(["", *given], given, strict=False)]
    return f"Made at commit {commit()} on {machine()}, with `{shlex.join(shown)}`."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference.training.compare", description="Compare networks.")
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled pictures with a manifest.csv")
    parser.add_argument("--folds", type=int, default=6, help="groups of sources to leave out in turn")
    parser.add_argument("--only-folds", type=int, nargs="+", default=[], metavar="N", help="run these folds alone")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument(
        "--views",
        type=choose.at_least(LEAST_VIEWS),
        help="train each tail on so many views at most, instead of a whole pass",
    )
    parser.add_argument(
        "--pictures", type=choose.at_least(1), help="measure, and fit frozen heads, on so many pictures, drawn"
    )
    parser.add_argument("--measured", action="store_true", help="measure nothing more: write what the scratch holds")
    parser.add_argument("--scratch", type=Path, default=Path("runs/compare"), help="keeps what was made; gigabytes")
    parser.add_argument("--out", type=Path, help="the Markdown file to write; standard output if not given")
    choose.add_options(parser)
    return parser


if __name__ == "__main__":
    main()
