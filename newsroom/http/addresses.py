"""Addresses that others name and this server would connect to: which of them are the public Internet.

Whoever may make a server send requests may reach with it what only the server can reach: its own ports, its
neighbours, the metadata of the cloud it runs in. A name says nothing of that; the address that is connected
to does. So names are checked for their form when they are saved, and addresses when a connection is made.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Special purposes by IANA's registries, written out: what `is_global` says of them differs between releases
# of Python. The last is where Azure's machines ask for their metadata, an ordinary address otherwise.
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
# Of IPv6 only what is handed out as global unicast is open, less its special purposes: protocol assignments
# with Teredo, 6to4, documentation. So NAT64 (64:ff9b::/96), which leads to IPv4, and mapped IPv4 are closed.
_GLOBAL_V6: Final = IPv6Network("2000::/3")
_CLOSED_V6: Final = [
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]
# Names that never leave a machine or its network.
_LOCAL_NAMES: Final = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "onion")


def is_public(address: str) -> bool:
    """Whether an IP address in its usual form is one of the public Internet."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _CLOSED_V4)
    return _is_public_v6(found)


def _is_public_v6(address: IPv6Address) -> bool:
    is_closed = any(address in network for network in _CLOSED_V6)
    return address.scope_id is None and address in _GLOBAL_V6 and not is_closed


def is_opened_for_tests(host: str | None) -> bool:
    """Whether the settings name this host, so that it may be private, and asked without TLS."""
    return host in settings.WEBHOOK_TEST_HOSTS


def check_receiver(url: str) -> None:
    """Refuse an address that could not be sent to, with ValidationError. It asks no name server."""
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
    """The IP address that `host` spells, in any form that a resolver takes without a look-up, or None.

    `2130706433`, `0x7f.1` and `0177.0.0.1` are all 127.0.0.1.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(found[0][4][0])
