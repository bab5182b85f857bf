"""Checks of environment variables, and the address that other machines reach.

The checks raise ValidationError, which the settings report together.
"""

from __future__ import annotations

import ipaddress
import re
import socket

from environs import ValidationError, validate


def check_networks(texts: list[str]) -> None:
    for text in texts:
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            raise ValidationError(str(error)) from error


def check_tag_authority(text: str) -> None:
    """Check a tagging entity of RFC 4151: a host name or e-mail address, and an optional comma and date."""
    if text and not re.fullmatch(
        r"([\w.+-]+@)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(,\d{4}(-\d\d(-\d\d)?)?)?", text
    ):
        raise ValidationError("This is not a tag authority, such as example.com or example.com,2026.")


def check_url(text: str) -> None:
    if text:
        validate.URL(schemes={"http", "https"}, require_tld=False)(text)


def check_contact(text: str) -> None:
    """Check a contact of RFC 9116: an e-mail address, telephone number or page, as a URI."""
    if text and not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+|tel:\+[0-9-]+|https://\S+", text):
        raise ValidationError("Use mailto:…@…, tel:+… or https://….")


def check_token(text: str) -> None:
    if text and not re.fullmatch(r"[\w.~+/=-]{16,}", text, re.ASCII):
        raise ValidationError("Use at least 16 letters, digits and characters of -._~+/=.")


def check_index_key(text: str) -> None:
    """Check a key by the rules of https://www.indexnow.org/documentation."""
    if text and not re.fullmatch(r"[A-Za-z0-9-]{8,128}", text):
        raise ValidationError("Use 8 to 128 letters, digits and hyphens.")


def reachable_address(wildcard: str) -> str:
    """Return the address under which other machines reach this one, or the loopback address if none do.

    Connecting a UDP socket sends nothing; it makes the system choose the address for outgoing packets.
    """
    is_ipv6 = ":" in wildcard
    family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # These addresses are reserved for documentation.
            probe.connect(("2001:db8::1" if is_ipv6 else "192.0.2.1", 9))
            address: str = probe.getsockname()[0]
        except OSError:
            return "::1" if is_ipv6 else "127.0.0.1"
        return address
