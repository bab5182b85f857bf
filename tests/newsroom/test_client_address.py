"""Client addresses: X-Forwarded-For counts only if it comes from a trusted proxy."""

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
def test_invalid_header_resolves_to_the_proxy(forwarded_for):
    assert resolve(PROXY, forwarded_for) == PROXY


def test_garbage_before_a_trusted_hop_resolves_to_that_hop():
    assert resolve(PROXY, "garbage, 10.0.0.9") == "10.0.0.9"


@pytest.mark.parametrize("peer", ["198.51.100.7", "2001:db8::7", "10.0.1.2"])
def test_headers_from_untrusted_peers_are_ignored(peer):
    assert resolve(peer, "203.0.113.5") == peer


def test_local_socket_is_a_proxy_only_if_proxies_are_configured(settings):
    assert resolve("", "203.0.113.5") == "203.0.113.5"
    assert resolve("", "garbage") == "0.0.0.0"
    settings.TRUSTED_PROXIES = []
    assert resolve("", "203.0.113.5") == "0.0.0.0"
    assert resolve("127.0.0.1", "203.0.113.5") == "127.0.0.1"


def test_invalid_peer_addresses_are_one_unknown_client():
    assert resolve("garbage", "203.0.113.5") == resolve("testclient") == "0.0.0.0"


def test_long_header_is_not_read_to_its_end():
    assert resolve(PROXY, "203.0.113.5," + ",".join(["10.0.0.9"] * 100_000)) == "10.0.0.9"


def test_ipv4_mapped_peer_matches_the_proxies():
    assert resolve("::ffff:10.0.0.2", "203.0.113.5") == "203.0.113.5"


def test_a_request_and_a_scope_have_the_same_client():
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": "203.0.113.5,10.0.0.9"}
    headers = [(b"x-forwarded-for", b"203.0.113.5"), (b"host", b"x"), (b"x-forwarded-for", b"10.0.0.9")]
    scope = {"type": "http", "client": (PROXY, 4711), "headers": headers}

    assert client_address.of_request(request) == client_address.of_scope(scope)
    assert str(client_address.of_scope(scope)) == "203.0.113.5"
    assert str(client_address.of_scope({"headers": []})) == "0.0.0.0"


def test_ipv6_network_counts_as_one_client():
    def network(text: str) -> str:
        return str(client_address.network_of(client_address.parse(text)))

    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network("192.0.2.1") == network("::ffff:192.0.2.1") == "192.0.2.1/32"
