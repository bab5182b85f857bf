"""SSRF guard: users choose webhook URLs, so the server must never connect to a non-public address.

A request sent by the server can reach what only the server can reach: its own ports, its neighbours and the
cloud's metadata service. A host name does not reveal whether it leads there; only the resolved address does.
So check the form of a URL when it is saved, and the IP address when a connection is made.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# IANA's special-purpose networks. They are listed here because `is_global` classifies them differently in
# different Python releases. The last one is Azure's metadata service, which has an otherwise public address.
_CLOSED_V4: Final = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "168.63.129.16/32",
    )
]
# IPv6 is an allow list: global unicast, except for protocol assignments (including Teredo), 6to4 and
# documentation. This also closes NAT64 (64:ff9b::/96), which leads to IPv4, and IPv4-mapped addresses.
_GLOBAL_V6: Final = IPv6Network("2000::/3")
_CLOSED_V6: Final = [
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]
# Top-level names that resolve only on a machine or inside its network.
_LOCAL_NAMES: Final = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "onion")


def is_public(address: str) -> bool:
    """Return whether `address`, an IP address in its usual notation, is on the public Internet."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in _CLOSED_V4)
    return _is_public_v6(parsed)


def _is_public_v6(address: IPv6Address) -> bool:
    is_closed = any(address in network for network in _CLOSED_V6)
    return address.scope_id is None and address in _GLOBAL_V6 and not is_closed


def is_opened_for_tests(host: str | None) -> bool:
    """Return whether the settings exempt this host, so that it may be private and be used without TLS."""
    return host in settings.WEBHOOK_TEST_HOSTS


def check_receiver(url: str) -> None:
    """Raise ValidationError unless `url` is an acceptable webhook URL. Make no DNS query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValidationError(_("This is not a web address.")) from error
    if is_opened_for_tests(host):
        return
    if parts.scheme != "https":
        raise ValidationError(_("The address must begin with https://, so that the connection is encrypted."))
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValidationError(_("The address must have no user name, no password and no # part."))
    if not host or port == 0:
        raise ValidationError(_("This is not a web address."))
    if (literal := _as_literal(host)) is not None:
        if not is_public(literal):
            raise ValidationError(_("This address is not on the public internet."))
    elif "." not in host.rstrip(".") or host.rstrip(".").rpartition(".")[2] in _LOCAL_NAMES:
        raise ValidationError(_("This name is known only inside a network. Use one on the public internet."))


def _as_literal(host: str) -> str | None:
    """Return the IP address that `host` spells in any notation that resolvers accept; None for a name.

    `2130706433`, `0x7f.1` and `0177.0.0.1` are all 127.0.0.1.
    """
    try:
        results = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(results[0][4][0])
