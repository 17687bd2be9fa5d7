"""What web nodes show the services that they ask."""

import pytest

from web.access import tickets, tokens
from web.access.scopes import Scope
from web.access.tokens import Grant

KEY = b"k" * 32


def test_a_ticket_is_good_until_it_ends_for_who_has_the_same_key() -> None:
    ticket = tickets.sign(100.9, KEY)
    assert tickets.is_good(ticket, KEY, now_s=99.9)
    assert not tickets.is_good(ticket, KEY, now_s=100.0)
    assert not tickets.is_good(ticket, b"another", now_s=0.0)


@pytest.mark.parametrize("ticket", ["", "node_", "node_999.", "node_999", "node_x.y", "node_²." + "0" * 64, "tok_9.9"])
def test_what_was_not_signed_is_none(ticket: str) -> None:
    assert not tickets.is_good(ticket, KEY, now_s=0.0)


def test_a_ticket_with_another_end_is_none() -> None:
    end, _, signature = tickets.sign(100.0, KEY).partition(".")
    assert not tickets.is_good(f"{end}0.{signature}", KEY, now_s=0.0)


def test_neither_is_the_other() -> None:
    token = tokens.sign(Grant(key_id=None, scope=Scope.ADMIN, stream=None, expires_s=100.0), KEY)
    assert not tickets.is_good(token, KEY, now_s=0.0)
    assert not tickets.is_good(token.replace("tok_", "node_"), KEY, now_s=0.0)
    assert tokens.read(tickets.sign(100.0, KEY), KEY, now_s=0.0) is None
