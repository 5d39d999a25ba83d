"""Address of the client, with and without proxies that AVA trusts."""

from typing import Any

import pytest
from django.test import RequestFactory

from ava.http import clients


def request(peer: str = "203.0.113.9", forwarded: str | None = None) -> Any:
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return RequestFactory().get("/", REMOTE_ADDR=peer, **extra)


def test_without_proxies_a_forged_header_changes_nothing(settings):
    settings.TRUSTED_PROXIES = 0
    assert clients.address(request(forwarded="198.51.100.1")) == "203.0.113.9"


def test_behind_one_proxy_the_client_is_the_last_entry(settings):
    settings.TRUSTED_PROXIES = 1
    forged_then_seen = "198.51.100.1, 192.0.2.7"
    assert clients.address(request("10.0.0.1", forged_then_seen)) == "192.0.2.7"


def test_behind_two_proxies_the_client_is_the_last_entry_but_one(settings):
    settings.TRUSTED_PROXIES = 2
    chain = "198.51.100.1, 192.0.2.7, 10.0.0.2"
    assert clients.address(request("10.0.0.1", chain)) == "192.0.2.7"


@pytest.mark.parametrize("forwarded", [None, "", " , ,", "192.0.2.7"])
def test_a_chain_shorter_than_the_proxies_counts_as_the_peer(settings, forwarded):
    settings.TRUSTED_PROXIES = 2
    assert clients.address(request("10.0.0.1", forwarded)) == "10.0.0.1"


@pytest.mark.parametrize("garbage", ["unknown", "<script>", "1.2.3", "192.0.2.7:", "٣.1.1.1"])
def test_an_entry_that_is_no_address_counts_as_the_peer(settings, garbage):
    settings.TRUSTED_PROXIES = 1
    assert clients.address(request("10.0.0.1", garbage)) == "10.0.0.1"


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[::ffff:192.0.2.7]:4711", "192.0.2.7"),
    ],
)
def test_a_proxy_may_write_the_clients_port(settings, entry, address):
    settings.TRUSTED_PROXIES = 1
    assert clients.address(request("127.0.0.1", entry)) == address


def test_an_empty_entry_of_a_proxy_does_not_make_room_for_a_forged_one(settings):
    settings.TRUSTED_PROXIES = 1
    assert clients.address(request("10.0.0.1", "198.51.100.1, ")) == "10.0.0.1"


@pytest.mark.parametrize("peer", ["", "unix:", "not an address"])
def test_a_client_without_an_address_has_one_all_the_same(peer):
    assert clients.address(request(peer)) == clients.UNKNOWN
    assert clients.network(request(peer)) == clients.UNKNOWN


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)
def test_one_address_has_one_spelling(peer, address):
    assert clients.address(request(peer)) == address


def test_an_ipv6_host_is_one_client_whatever_it_takes_from_its_network():
    first, second, other = "2001:db8:1:1::1", "2001:db8:1:1:ffff::9", "2001:db8:1:2::1"
    assert clients.network(request(first)) == clients.network(request(second))
    assert clients.network(request(first)) != clients.network(request(other))


@pytest.mark.parametrize(
    ("peer", "local"), [("127.0.0.1", True), ("::1", True), ("192.0.2.7", False)]
)
def test_only_loopback_is_local(peer, local):
    assert clients.is_local(request(peer)) is local


def test_a_request_that_an_undeclared_proxy_forwarded_is_not_local(settings):
    settings.TRUSTED_PROXIES = 0
    assert not clients.is_local(request("127.0.0.1", "192.0.2.7"))


def test_behind_a_declared_proxy_its_clients_are_not_local(settings):
    settings.TRUSTED_PROXIES = 1
    assert not clients.is_local(request("127.0.0.1", "192.0.2.7"))


@pytest.mark.parametrize("entry", ["203.0.113.9:4711", "unknown", "", "127.0.0.1, ", "_hidden"])
def test_a_proxy_that_does_not_tell_the_clients_address_makes_nobody_local(settings, entry):
    settings.TRUSTED_PROXIES = 1
    assert not clients.is_local(request("127.0.0.1", entry))


def test_fewer_entries_than_proxies_make_nobody_local(settings):
    settings.TRUSTED_PROXIES = 2
    assert not clients.is_local(request("127.0.0.1", "203.0.113.9"))


@pytest.mark.parametrize("proxies", [0, 1])
def test_whoever_asks_without_a_proxy_is_local_however_many_are_declared(settings, proxies):
    settings.TRUSTED_PROXIES = proxies
    assert clients.is_local(request("127.0.0.1"))
