"""What became of a round trip, whether tags arrive, which mails a proof sends: tables and properties."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.delivery.states import DeliveryState
from postroom.core.proving import (
    CAME,
    MEANINGS,
    Fate,
    Planned,
    Seen,
    Told,
    Trip,
    difference,
    in_words,
    is_green,
    judge,
    named_id,
    own_id,
    plan,
    subject_of,
    tags_arrive,
    tokens_in,
    without_news,
)
from postroom.core.tokens import MAX_ROW, Purpose, Token, mint

TOKEN = mint(Token(Purpose.PROOF, 0, 7), b"secret")
PLAIN = Trip(
    7, 1, "Relay", "sales@acme.example", "sales@acme.example", own_id(TOKEN, "acme.example"), "bounce@acme.example"
)
TAGGED = replace(PLAIN, address=f"catchall+{TOKEN}@acme.example", base="catchall@acme.example")
tokens = st.builds(
    lambda row, secret: mint(Token(Purpose.PROOF, 3, row), secret), st.integers(0, MAX_ROW), st.binary(min_size=1)
)


def seen(trip: Trip, **changes: object) -> Seen:
    """What arrives where nothing is changed."""
    return replace(Seen((trip.address,), trip.return_path, trip.message_id), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("trip", "changes", "fates"),
    [
        (PLAIN, {}, "arrived"),
        (TAGGED, {}, "arrived"),
        (TAGGED, {"recipients": (TAGGED.address.upper(),)}, "arrived"),
        (TAGGED, {"recipients": ("catchall@acme.example",)}, "without_tag"),
        (TAGGED, {"recipients": ("catchall@acme.example", TAGGED.address)}, "arrived"),
        (TAGGED, {"recipients": ("box@hoster.example",)}, "without_tag,envelope_changed"),
        (PLAIN, {"recipients": ("box@hoster.example",)}, "envelope_changed"),
        (PLAIN, {"recipients": ()}, "envelope_changed"),
        (PLAIN, {"recipients": (f"prvs=0123abcdef={PLAIN.address}",)}, "arrived"),
        (PLAIN, {"sender": "relay@hoster.example"}, "envelope_changed"),
        (PLAIN, {"sender": ""}, "envelope_changed"),
        (PLAIN, {"sender": "Bounce@ACME.example"}, "arrived"),
        (PLAIN, {"sender": "SRS0=abcd=TT=acme.example=bounce@forwarder.example"}, "arrived"),
        (PLAIN, {"sender": None}, "arrived"),
        (replace(PLAIN, return_path=""), {"sender": "who@knows.example"}, "arrived"),
        (PLAIN, {"message_id": "other@relay.example"}, "id_rewritten"),
        (PLAIN, {"message_id": ""}, "id_rewritten"),
        (TAGGED, {"recipients": ("catchall@acme.example",), "message_id": "x", "sender": "y@z.example"},
         "without_tag,envelope_changed,id_rewritten"),
        (TAGGED, {"returned": "5.1.1 no such user", "message_id": "x"}, "returned"),
    ],
)  # fmt: skip
def test_what_became_of_a_trip(trip: Trip, changes: dict[str, object], fates: str) -> None:
    what = seen(trip, **changes)
    found = judge(trip, what)
    assert ",".join(found) == fates
    words = in_words(trip, what, found)
    assert words.startswith(f"A round trip to {trip.address} by Relay. ")
    assert (difference(trip, what, found) == "") == (found == (Fate.ARRIVED,))
    assert difference(trip, what, found) in words


addresses = st.one_of(st.text(max_size=30), st.sampled_from([PLAIN.address, TAGGED.address, TAGGED.base, ""]))


@given(st.sampled_from([PLAIN, TAGGED]), st.lists(addresses, max_size=4), st.none() | addresses, addresses, addresses)
def test_whatever_arrives_is_judged_the_same_in_any_order(
    trip: Trip, recipients: list[str], sender: str | None, message_id: str, returned: str
) -> None:
    found = judge(trip, Seen(tuple(recipients), sender, message_id, returned))
    assert found == judge(trip, Seen(tuple(reversed(recipients)), sender, message_id, returned))
    assert found
    assert Fate.WAITING not in found
    assert len(set(found)) == len(found)
    assert (Fate.ARRIVED in found) <= (found == (Fate.ARRIVED,))
    assert CAME.issuperset(found) != bool(returned)


@given(tokens, st.sampled_from([str.upper, str.lower, str]))
def test_a_token_is_found_wherever_it_is_left(token: str, case: object) -> None:
    written = case(token)  # type: ignore[operator]
    for ids, subject in (
        ((own_id(written, "acme.example"),), ""),
        (("x@y.example", named_id(written, "acme.example")), "Hello"),
        ((), subject_of("Round trip to sales@acme.example", written)),
        (("",), f"[SPAM] {subject_of('x', written)}"),
    ):
        assert tokens_in(ids, subject) == (token,)
    assert tokens_in((f"{written}@acme.example", f"{written}.other@acme.example"), written) == ()


@given(st.lists(st.text(max_size=80), max_size=5), st.text(max_size=80))
def test_other_mail_holds_no_token(ids: list[str], subject: str) -> None:
    assert tokens_in(ids, subject) == ()


@pytest.mark.parametrize("state", ["", *DeliveryState])
def test_what_did_not_arrive_has_an_end_in_every_state(state: str) -> None:
    fate = without_news(state)
    assert fate in {Fate.NOT_SENT, Fate.REFUSED, Fate.LOST}
    assert (fate is Fate.LOST) == (state in {"transmitting", "accepted", "unknown", "delivered"})


def test_every_fate_has_words() -> None:
    assert set(MEANINGS) == set(Fate)


A, L, W, N = (Fate.ARRIVED,), (Fate.LOST,), (Fate.WITHOUT_TAG,), ()


@pytest.mark.parametrize(
    ("told", "arrive"),
    [  # server, base, fates of the plain form, fates of the tagged form
        ([(1, "c", A, A), (1, "b", A, A)], True),
        ([(1, "c", A, W), (1, "b", A, A)], False),
        ([(1, "c", A, L), (1, "b", A, A)], False),
        ([(1, "c", L, L), (1, "b", A, A)], None),
        ([(1, "c", L, L), (1, "b", L, L)], None),
        ([(1, "c", A, N), (1, "b", A, N)], None),
        ([(1, "c", L, A), (1, "b", L, A)], True),
        ([(1, "c", A, A), (1, "b", A, A), (2, "c", A, L), (2, "b", A, L)], True),
        ([(1, "c", A, A), (1, "b", A, A), (2, "c", A, W), (2, "b", A, A)], False),
        ([(1, "c", A, L), (1, "b", A, A), (2, "c", L, L), (2, "b", L, L)], False),
        ([(1, "c", L, L), (1, "b", L, L), (2, "c", A, A), (2, "b", A, A)], True),
        ([(1, "c", A, (Fate.ID_REWRITTEN,)), (1, "b", A, (Fate.ENVELOPE_CHANGED,))], True),
        ([(1, "c", A, (Fate.REFUSED,)), (1, "b", A, (Fate.RETURNED,))], False),
        ([], None),
    ],
)  # fmt: skip
def test_whether_tags_arrive(
    told: list[tuple[int, str, tuple[Fate, ...], tuple[Fate, ...]]], arrive: bool | None
) -> None:
    trips = [
        Told(server, base, tagged, fates)
        for server, base, *both in told
        for tagged, fates in zip((False, True), both, strict=True)
    ]
    assert tags_arrive(trips) is arrive
    assert tags_arrive(reversed(trips)) is arrive


@given(st.integers(1, 6), st.integers(0, 40), st.integers(0, 60))
def test_a_plan_keeps_within_its_bounds(servers: int, aliases: int, most: int) -> None:
    ids, services = list(range(1, servers + 1)), ["c@x", "b@x"]
    names = [f"a{number}@x" for number in range(aliases)]
    chosen, left_out = plan(ids, services, names, most)
    assert len(chosen) <= most
    assert len(set(chosen)) == len(chosen)
    whole = servers * (4 + aliases)
    if whole <= most:
        assert (len(chosen), left_out) == (whole, 0)
    elif servers * 4 + aliases <= most:
        assert left_out == 0, "servers take turns"
        assert {one.base for one in chosen} == {*services, *names}
    else:
        assert len(chosen) + left_out == servers * 4 + aliases
    assert (
        chosen[: servers * 4]
        == tuple(Planned(server, base, tagged) for server in ids for base in services for tagged in (False, True))[
            :most
        ]
    )


@pytest.mark.parametrize(
    ("fates", "green"),
    [
        ((), False),
        ((Fate.WAITING,), False),
        ((Fate.ARRIVED,), True),
        ((Fate.ID_REWRITTEN,), True),
        ((Fate.WITHOUT_TAG,), False),
        ((Fate.ENVELOPE_CHANGED,), False),
        ((Fate.ENVELOPE_CHANGED, Fate.ID_REWRITTEN), False),
        ((Fate.RETURNED,), False),
        ((Fate.LOST,), False),
    ],
)
def test_what_is_green_came_to_its_address_in_its_envelope(fates: tuple[Fate, ...], green: bool) -> None:
    assert is_green(fates) == green
