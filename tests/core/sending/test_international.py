"""Addresses beyond ASCII, and servers that do not carry them."""

from __future__ import annotations

import pytest

from postroom.core.sending.international import problem, wire_address

CASES = {
    "hanna@customer.example": ("hanna@customer.example", False),
    "hanna@bücher.example": ("hanna@xn--bcher-kva.example", False),
    "HANNA@BÜCHER.example": ("hanna@xn--bcher-kva.example", False),
    "用户@例子.example": ("用户@xn--fsqu00a.example", True),
    "jürgen@firm.example": ("jürgen@firm.example", True),
    "no address ü": ("no address ü", True),
}


@pytest.mark.parametrize("email", CASES)
def test_only_the_local_part_needs_it(email: str) -> None:
    assert (wire_address(email), bool(problem(email, (), "relay.example"))) == CASES[email]


def test_a_domain_goes_down_to_a_labels_and_is_no_problem() -> None:
    assert problem("hanna@bücher.example", ["kim@bücher.example"], "Post") == ""


def test_a_local_part_is_one_where_the_server_lacks_it() -> None:
    said = problem("jürgen@firm.example", [], "Post")
    assert said == "The address jürgen@firm.example needs SMTPUTF8, which Post does not offer (RFC 6531)."
    assert problem("jürgen@firm.example", [], "Post", offered=True) == ""


def test_another_address_that_the_mail_names_is_one_too() -> None:
    said = problem("a@firm.example", ["jürgen@firm.example"], "Post")
    assert "names an address" in said
    assert "jürgen@firm.example" in said


def test_a_domain_that_is_none_is_one_for_every_server() -> None:
    assert "no form that mail servers know" in problem("hanna@\N{SNOWMAN}-.example", [], "Post", offered=True)
