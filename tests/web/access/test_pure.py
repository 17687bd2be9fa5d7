"""Callers, tokens and rates as arithmetic."""

import pytest

from web.access import tokens
from web.access.caller import ANYBODY, Caller
from web.access.rate import Bucket
from web.access.scopes import Scope, ordered
from web.access.tokens import Grant

KEY = b"k" * 32
GRANT = Grant(key_id="12", scope=Scope.EVENTS, stream="str_a", expires_s=100.0)


def test_a_token_says_what_was_signed_until_it_ends() -> None:
    token = tokens.sign(GRANT, KEY)
    assert tokens.read(token, KEY, now_s=99.9) == GRANT
    assert tokens.read(token, KEY, now_s=100.0) is None
    assert token.removeprefix("tok_").replace(".", "").replace("-", "").replace("_", "").isalnum()


def test_a_token_that_was_changed_is_none() -> None:
    token = tokens.sign(GRANT, KEY)
    other = tokens.sign(Grant(key_id="12", scope=Scope.ADMIN, stream=None, expires_s=1e12), b"x" * 32)
    mixed = f"{other.partition('.')[0]}.{token.partition('.')[2]}"
    broken = [token[:-1], token[1:], token.replace(".", ""), f"{token}=", "tok_", "tok_.", "tok_é.é", "tok_a.a.a"]
    for one in [other, mixed, *broken, *(token[:at] + "~" + token[at + 1 :] for at in range(len(token)))]:
        assert tokens.read(one, KEY, now_s=0.0) is None, one


def test_a_bucket_lets_its_rate_pass_and_says_when_the_next_may_come() -> None:
    bucket = Bucket(2.0)
    assert [bucket.take(10.0) for _ in range(3)] == [0.0, 0.0, pytest.approx(0.5)]
    assert [bucket.take(10.5) for _ in range(2)] == [0.0, pytest.approx(0.5)]
    assert [bucket.take(1000.0) for _ in range(3)] == [0.0, 0.0, pytest.approx(0.5)]


def test_a_rate_under_one_lets_one_pass_now_and_then() -> None:
    bucket = Bucket(0.1)
    assert [bucket.take(at_s) for at_s in (0.0, 5.0, 10.0)] == [0.0, pytest.approx(5.0), 0.0]


def test_who_sees_what() -> None:
    one = Caller(key_id="1", scopes=frozenset({Scope.STREAMS}))
    admin = Caller(key_id="2", scopes=frozenset({Scope.ADMIN}), sees_all=True)
    bound = Caller(key_id="1", scopes=frozenset({Scope.STREAMS}), by_token=True, stream="str_a")
    seen = {
        (caller, owner): caller.sees(owner, "str_b")
        for caller in (one, admin, bound, ANYBODY)
        for owner in ("1", "3", None)
    }
    assert [who for who, sees in seen.items() if not sees] == [
        (one, "3"),
        *((bound, owner) for owner in ("1", "3", None)),
    ]
    assert bound.sees("1", "str_a")
    assert not bound.sees("3", "str_a")
    assert [scope for scope in Scope if one.may(scope)] == [Scope.STREAMS]
    assert all(caller.may(scope) for caller in (admin, ANYBODY) for scope in Scope)


def test_scopes_are_in_one_order_without_repeats() -> None:
    assert ordered([Scope.ADMIN, Scope.CHECK, Scope.ADMIN]) == (Scope.CHECK, Scope.ADMIN)
