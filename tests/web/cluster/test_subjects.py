"""What is known of where things are."""

from web.cluster.subjects import Kind, Known, Subject


def test_no_more_is_known_than_a_bound_and_of_more_what_was_asked_for_lately() -> None:
    known = Known(most=2)
    first, second, third = (Subject(Kind.STREAM, name) for name in "abc")
    known.put(first, "http://one")
    known.put(second, "http://two")
    assert known.get(first) == "http://one"
    known.put(third, "http://one")
    assert [known.get(one) for one in (first, second, third)] == ["http://one", None, "http://one"]
    known.put(first, "http://two")
    assert known.get(first) == "http://two"
    known.forget(first)
    known.forget(second)
    assert known.get(first) is None


def test_the_same_word_may_be_the_name_of_two_things() -> None:
    known = Known(most=2)
    known.put(Subject(Kind.MEDIA, "a"), "http://one")
    assert known.get(Subject(Kind.JOB, "a")) is None


def test_only_a_name_is_not_bound_to_where_it_is() -> None:
    assert [kind for kind in Kind if not Subject(kind, "a").lasting] == [Kind.NAME]
