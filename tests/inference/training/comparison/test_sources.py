"""Who is asked about, who is learnt from: never the same source, never its copies."""

import pytest

from inference.training.comparison.sources import asked
from inference.training.picture import DataError, Picture


def _pictures(sources: str = "abcd", each: int = 8) -> list[Picture]:
    return [
        Picture(
            file=f"{source}{number}.png",
            gore=number % 2 == 0,
            category="wound_burn" if number % 2 == 0 else "animals",
            source=source,
            licence="MIT",
            split="val" if number % 4 > 1 else "train",
            copies="a0.png" if (source, number) in (("a", 0), ("b", 4)) else "",
        )
        for source in sources
        for number in range(each)
    ]


def test_every_picture_is_asked_about_once_by_a_fold_that_learns_nothing_of_its_source() -> None:
    pictures = _pictures()
    found = asked(pictures, 4)
    held = [int(row) for number in found.folds for row in found.held(number)]
    assert sorted(held) == list(range(len(pictures))) == sorted(found.rows().tolist())
    for number in found.folds:
        of_fold = {pictures[row].source for row in found.held(number)}
        learnt = [pictures[row] for row in (*found.taught(number), *found.known(number))]
        assert of_fold.isdisjoint(each.source for each in learnt)
        assert {pictures[row].split for row in found.known(number)} == {"val"}
        if of_fold & {"a", "b"}:
            assert not any(each.copies for each in learnt)


def test_fewer_pictures_are_the_first_of_more() -> None:
    few, many = (asked(_pictures(each=40), 4, count=count).drawn.tolist() for count in (60, 120))
    assert few == many[:60]


def test_some_folds_ask_about_their_own_pictures_alone() -> None:
    pictures = _pictures()
    found = asked(pictures, 4, only=[2])
    assert list(found.folds) == [2]
    assert {pictures[row].source for row in found.rows()} == found.folds[2].sources


@pytest.mark.parametrize(
    ("only", "count", "said"), [([5], None, "no fold 5"), ([], 3, "raise --pictures"), ([0], None, "from 1 to 4")]
)
def test_what_cannot_be_asked_is_refused(only: list[int], count: int | None, said: str) -> None:
    with pytest.raises(DataError, match=said):
        asked(_pictures(), 4, only=only, count=count)
