"""Public Internet addresses and the URLs that webhook receivers may have."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from newsroom.http.addresses import check_receiver, is_public

CLOSED = {
    "unspecified": ["0.0.0.0", "::"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "fc00::1",
        "fd12::1",
    ],
    "link-local": ["169.254.1.1", "fe80::1", "fe80::1%eth0", "fec0::1"],
    "metadata": ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"],
    "reserved": ["192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "240.0.0.1", "255.255.255.255"],
    "documentation": ["2001:db8::1", "3fff::1", "5f00::1"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1"],
    "6to4": ["2002:7f00:1::", "2002:808:808::1", "192.88.99.1"],
    "Teredo": ["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "no address": ["", "localhost", "2130706433", "127.1", "1.1.1.1.1"],
}


def refusal_of(url: str) -> str:
    """Return the reason in English why a receiver is refused; an empty string if it is accepted."""
    try:
        with translation.override("en"):
            check_receiver(url)
    except ValidationError as error:
        return str(error.messages[0])
    return ""


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_public_addresses_are_allowed(address):
    assert is_public(address)


@pytest.mark.parametrize("kind", CLOSED)
def test_all_other_addresses_are_not_public(kind):
    assert [address for address in CLOSED[kind] if is_public(address)] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://partner.example/hook",
        "https://hooks.partner.example.:8443/a?b=c",
        "https://1.1.1.1/",
        "https://[2606:4700::1111]/",
        "https://bücher.example/",
    ],
)
def test_receivers_on_the_public_internet_are_accepted(url):
    assert refusal_of(url) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://partner.example/", "must begin with https://"),
        ("//partner.example/", "must begin with https://"),
        ("https://user@partner.example/", "no user name"),
        ("https://partner.example/#top", "no # part"),
        ("https://", "not a web address"),
        ("https://partner.example:0/", "not a web address"),
        ("https://partner.example:99999/", "not a web address"),
        ("https://[::1/", "not a web address"),
        ("https://10.1.2.3/", "not on the public internet"),
        ("https://[::ffff:10.0.0.1]/", "not on the public internet"),
        ("https://2130706433/", "not on the public internet"),
        ("https://0x7f000001/", "not on the public internet"),
        ("https://0177.0.0.1/", "not on the public internet"),
        ("https://127.1/", "not on the public internet"),
        ("https://localhost/", "only inside a network"),
        ("https://intranet/", "only inside a network"),
        ("https://printer.local./", "only inside a network"),
        ("https://metadata.google.internal/", "only inside a network"),
    ],
)
def test_other_receivers_are_refused_with_a_reason(url, words):
    assert words in refusal_of(url)


def test_webhook_test_hosts_setting_allows_local_receivers(settings):
    settings.WEBHOOK_TEST_HOSTS = ["localhost", "::1"]
    assert refusal_of("http://localhost:8001/") == refusal_of("https://[::1]:8001/") == ""
    assert "must begin with https://" in refusal_of("http://127.0.0.1:8001/")
