"""Mail hosts: addresses that AVA connects to, and those that it refuses."""

import socket

import pytest

from integrations.email import hosts
from integrations.errors import SmtpHostRefused


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "172.16.1.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fec0::1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b::808:808",
        "fd00:ec2::254",
    ],
)
def test_no_address_inside_is_reached_in_production(address: str) -> None:
    with pytest.raises((SmtpHostRefused, OSError)):
        hosts.resolve(address, 587, strict=True)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "0.0.0.0"]
)
def test_the_metadata_service_is_not_reached_in_development_either(address: str) -> None:
    with pytest.raises(SmtpHostRefused):
        hosts.resolve(address, 80, strict=False)


def test_public_addresses_are_reached_on_the_ports_of_mail_only() -> None:
    for address in ("8.8.8.8", "2606:4700::1111"):
        assert hosts.resolve(address, 587, strict=True) == address
    with pytest.raises(SmtpHostRefused):
        hosts.resolve("8.8.8.8", 22, strict=True)


def test_one_inner_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [(2, 1, 6, "", (address, 587)) for address in ("8.8.8.8", "10.0.0.5")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(SmtpHostRefused):
        hosts.resolve("mail.example.com", 587, strict=True)


def test_names_that_dns_cannot_hold_are_no_crash() -> None:
    for name in ("a" * 300, "a..b", "\udcff"):
        with pytest.raises(OSError, match=r"not a host name|\[Errno"):
            hosts.resolve(name, 25, strict=False)
