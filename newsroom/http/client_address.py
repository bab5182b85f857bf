"""The address of a request's client: the one parser of `X-Forwarded-For`.

Limits, throttles and logs need an address that the client cannot choose. Without a proxy it is the
connection's peer. A reverse proxy appends the peer that it sees to `X-Forwarded-For`; entries further left
came from outside and may be forged. So the list is read from the right, for as long as the hop that wrote an
entry is one of `TRUSTED_PROXIES`.

The web server itself must not rewrite the peer: uvicorn runs with `--no-proxy-headers`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Stands for an unknown address (RFC 1122, section 3.2.1.3); all such clients count as one.
UNKNOWN: Final = ipaddress.IPv4Address("0.0.0.0")
# Providers assign each IPv6 customer at least a /64 (RFC 6177), so all its addresses count as one client.
IPV6_CLIENT_PREFIX: Final = 64
# Longer than any real chain of proxies; further entries are ignored.
MAX_HOPS: Final = 16
_MAX_ENTRY_LENGTH: Final = 64


def of_request(request: HttpRequest) -> Address:
    """Return the address of a Django request's client, under ASGI or WSGI."""
    return resolve(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def of_scope(scope: Mapping[str, Any]) -> Address:
    """Return the address of the client behind an ASGI HTTP scope."""
    peer = scope.get("client")
    entries = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return resolve(peer[0] if peer else "", ",".join(entries))


def resolve(peer: str, forwarded_for: str) -> Address:
    """Return the right-most address that is not a trusted proxy, or the last hop that could be parsed.

    `peer` is empty for a connection through a Unix socket, which only a proxy on this machine can open.
    """
    proxies = _parse_networks(tuple(settings.TRUSTED_PROXIES))
    address = parse(peer)
    is_local_socket = not peer and bool(proxies)
    if not is_local_socket and (address is None or not _is_in(address, proxies)):
        return address or UNKNOWN
    for entry in reversed(forwarded_for.rsplit(",", MAX_HOPS)[-MAX_HOPS:]):
        hop = parse(entry)
        if hop is None:
            break
        address = hop
        if not _is_in(hop, proxies):
            break
    return address or UNKNOWN


def parse(text: str) -> Address | None:
    """Parse an address, with a port or without; return None if it is not one.

    IPv4-mapped IPv6 addresses (RFC 4291, section 2.5.5.2) become IPv4. Zone indexes are rejected: they are
    free text, so a client could use them to make up any number of addresses.
    """
    text = text.strip()
    if len(text) > _MAX_ENTRY_LENGTH or "%" in text:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_proxy(address: Address) -> bool:
    """Return whether the address is one of the trusted proxies'."""
    return _is_in(address, _parse_networks(tuple(settings.TRUSTED_PROXIES)))


def network_of(address: Address) -> Network:
    """Return the network that counts as one client: a single IPv4 address, or an IPv6 /64."""
    prefix = IPV6_CLIENT_PREFIX if address.version == 6 else address.max_prefixlen
    return ipaddress.ip_network((address.packed, prefix), strict=False)


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=8)
def _parse_networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)
