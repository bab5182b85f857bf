"""Validation of the Host header."""

from __future__ import annotations

from django.conf import settings
from django.http.request import split_domain_port, validate_host

_PORTS = range(1, 65_536)


def is_known_host(host: str) -> bool:
    """Return whether a Host header names this site, with a valid port if any."""
    domain, port = split_domain_port(host)
    is_port = not port or (len(port) <= 5 and int(port) in _PORTS)
    return bool(domain) and is_port and validate_host(domain, settings.ALLOWED_HOSTS)
