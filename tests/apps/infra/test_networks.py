"""Where nothing of ours connects to, however the address is written."""

from __future__ import annotations

import pytest

from postroom.infra.networks import is_refused


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "::ffff:169.254.169.254", "::169.254.169.254", "2002:a9fe:a9fe::1", "64:ff9b::a9fe:a9fe",
        "fe80::1%eth0", "[fe80::1]", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "::ffff:168.63.129.16",
        "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "mail.example", "",
    ],
)  # fmt: skip
def test_addresses_that_no_mail_server_has(address: str) -> None:
    assert is_refused(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.25", "fd12::25", "192.0.2.1", "2001:db8::25"]
)
def test_addresses_of_relays(address: str) -> None:
    assert not is_refused(address)
