"""Whom a request comes from, whatever it says of itself."""

from __future__ import annotations

import pytest
from django.http import HttpRequest

from newsroom.http import client_address

PROXY = "10.0.0.2"


@pytest.fixture(autouse=True)
def proxies(settings) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1", "::1", "10.0.0.0/24"]


def resolve(peer: str, forwarded_for: str = "") -> str:
    return str(client_address.resolve(peer, forwarded_for))


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("203.0.113.5, 10.0.0.9", "203.0.113.5"),
        ("198.51.100.7, 203.0.113.5", "203.0.113.5"),
        ("2001:db8::5", "2001:db8::5"),
        ("203.0.113.5:4711", "203.0.113.5"),
        ("[2001:db8::5]:4711", "2001:db8::5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("10.0.0.9", "10.0.0.9"),
    ],
)
def test_a_trusted_proxy_names_the_client(forwarded_for, client):
    assert resolve(PROXY, forwarded_for) == client


@pytest.mark.parametrize(
    "forwarded_for",
    [
        "",
        "unknown",
        "garbage",
        "203.0.113.5, garbage",
        "fe80::1%word",
        "1.2.3.4.5",
        "203.0.113.5,",
        "٣.1.1.1",
        "0x7f.1",
    ],
)
def test_garbage_gives_the_proxy_and_no_address_of_its_own(forwarded_for):
    assert resolve(PROXY, forwarded_for) == PROXY


def test_garbage_left_of_a_trusted_hop_gives_that_hop():
    assert resolve(PROXY, "garbage, 10.0.0.9") == "10.0.0.9"


@pytest.mark.parametrize("peer", ["198.51.100.7", "2001:db8::7", "10.0.1.2"])
def test_nobody_else_is_believed(peer):
    assert resolve(peer, "203.0.113.5") == peer


def test_a_local_socket_is_a_proxy_only_where_proxies_are_named(settings):
    assert resolve("", "203.0.113.5") == "203.0.113.5"
    assert resolve("", "garbage") == "0.0.0.0"
    settings.TRUSTED_PROXIES = []
    assert resolve("", "203.0.113.5") == "0.0.0.0"
    assert resolve("127.0.0.1", "203.0.113.5") == "127.0.0.1"


def test_a_peer_that_is_no_address_is_one_unknown_client():
    assert resolve("garbage", "203.0.113.5") == resolve("testclient") == "0.0.0.0"


def test_a_long_list_is_not_read_to_its_end():
    assert resolve(PROXY, "203.0.113.5," + ",".join(["10.0.0.9"] * 100_000)) == "10.0.0.9"


def test_a_mapped_peer_is_found_among_the_proxies():
    assert resolve("::ffff:10.0.0.2", "203.0.113.5") == "203.0.113.5"


def test_a_request_and_a_scope_have_the_same_client():
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": "203.0.113.5,10.0.0.9"}
    headers = [(b"x-forwarded-for", b"203.0.113.5"), (b"host", b"x"), (b"x-forwarded-for", b"10.0.0.9")]
    scope = {"type": "http", "client": (PROXY, 4711), "headers": headers}

    assert client_address.of_request(request) == client_address.of_scope(scope)
    assert str(client_address.of_scope(scope)) == "203.0.113.5"
    assert str(client_address.of_scope({"headers": []})) == "0.0.0.0"


def test_a_network_of_ipv6_counts_as_one_client():
    def network(text: str) -> str:
        return str(client_address.network_of(client_address.parse(text)))

    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network("192.0.2.1") == network("::ffff:192.0.2.1") == "192.0.2.1/32"
