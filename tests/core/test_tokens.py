"""Tokens: what is minted verifies in any case of letters, and nothing else does."""

from __future__ import annotations

from base64 import b32decode, b32encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postroom.core.tokens import LENGTH, MAX_ROW, Purpose, Token, looks_like_token, mint, verify

SECRETS = {number: bytes([number]) * 32 for number in range(16)}
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"

tokens = st.builds(Token, purpose=st.sampled_from(Purpose), key=st.integers(0, 15), row=st.integers(0, MAX_ROW))


@given(tokens, st.lists(st.booleans(), min_size=LENGTH, max_size=LENGTH))
def test_what_is_minted_verifies_in_any_case(token: Token, uppers: list[bool]) -> None:
    text = mint(token, SECRETS[token.key])
    assert len(text) == LENGTH == len(text.encode("ascii"))
    assert text == text.lower()
    mixed = "".join(c.upper() if upper else c for c, upper in zip(text, uppers, strict=True))
    assert verify(mixed, SECRETS) == token


@given(tokens)
def test_a_token_is_base32_of_rfc_4648(token: Token) -> None:
    text = mint(token, SECRETS[token.key])
    assert b32encode(b32decode(text.upper())).decode().lower() == text
    assert b32decode(text.upper())[:7] == bytes((token.purpose << 4 | token.key,)) + token.row.to_bytes(6, "big")


@given(tokens, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_any_other_letter_fails(token: Token, at: int, letter: str) -> None:
    text = mint(token, SECRETS[token.key])
    changed = text[:at] + letter + text[at + 1 :]
    assert (verify(changed, SECRETS) == token) is (changed == text)


@given(tokens, st.integers(0, 119))
def test_any_flipped_bit_fails(token: Token, bit: int) -> None:
    raw = bytearray(b32decode(mint(token, SECRETS[token.key]).upper()))
    raw[bit // 8] ^= 1 << (bit % 8)
    assert verify(b32encode(raw).decode(), SECRETS) is None


@given(st.text(max_size=40) | st.text(alphabet=ALPHABET, min_size=LENGTH, max_size=LENGTH))
@example("=" * LENGTH)
@example("a" * 16 + "========")
@example("ſ" * LENGTH)
@example("ı" * LENGTH)
@example("a" * (LENGTH - 1) + "\n")
def test_verify_is_total_and_trusts_nothing(text: str) -> None:
    assert verify(text, SECRETS) is None


def test_a_letter_beyond_ascii_is_no_substitute() -> None:
    for row in range(200):
        text = mint(Token(Purpose.REPLY, 0, row), SECRETS[0])
        if "s" in text:
            assert verify(text.replace("s", "ſ"), SECRETS) is None  # whose upper case is S
            return
    pytest.fail("no token with an s")


def test_a_missing_or_other_key_fails_and_a_retired_one_verifies() -> None:
    text = mint(Token(Purpose.REPLY, 3, 99), SECRETS[3])
    assert verify(text, {}) is None
    assert verify(text, {3: b"another"}) is None
    assert verify(text, {3: SECRETS[3], 4: SECRETS[4]}) == Token(Purpose.REPLY, 3, 99)


@pytest.mark.parametrize(("key", "row"), [(16, 0), (-1, 0), (0, MAX_ROW + 1), (0, -1)])
def test_what_does_not_fit_is_not_minted(key: int, row: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        mint(Token(Purpose.REPLY, key, row), b"secret")


def test_a_purpose_that_we_do_not_know_fails_even_if_signed() -> None:
    head = bytes((5 << 4,)) + bytes(6)
    from postroom.core import tokens as module

    text = b32encode(head + module._signature(head, SECRETS[0])).decode()
    assert looks_like_token(text)
    assert verify(text, SECRETS) is None


def test_the_form_is_told_without_a_key() -> None:
    assert looks_like_token(mint(Token(Purpose.RETURN_PATH, 1, 1), b"x").upper())
    assert not looks_like_token("newsletter")
    assert not looks_like_token("a" * 18 + "=" * 6)  # base32, but of fewer bytes
    assert not looks_like_token("1" * LENGTH)  # 0, 1, 8 and 9 are not in the alphabet
