"""Negotiation of content codings by RFC 9110, section 12.5.3."""

from __future__ import annotations

import gzip

import brotli
import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from newsroom.http.compression import compress, normalize

LONG = "天文台發出八號風球。".encode() * 100


@pytest.mark.parametrize(
    ("header", "normalized"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br, gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=1, gzip;q=0.8", "br"),
        ("gzip;q=0", ""),
        ("gzip; q=0.000", ""),
        ("gzip;q=0, br", "br"),
        ("br;q=0, gzip", "gzip"),
        ("deflate", ""),
        ("*", "gzip"),
        ("*;q=0", ""),
        ("gzip, *;q=0", "gzip, identity;q=0"),
        ("gzip;q=0, *", ""),
        ("identity", ""),
        ("identity;q=1, *;q=0", ""),
        ("identity;q=1, gzip;q=0.5", ""),
        ("identity;q=0.5, gzip;q=1", "gzip"),
        ("identity;q=0", "gzip, identity;q=0"),
        ("identity;q=0, gzip", "gzip, identity;q=0"),
        ("identity;q=0, gzip;q=0", ""),
        ("gzip;q=much", ""),
        ("gzip;level=9", ""),
        ("notgzip", ""),
        (",,;q=1,", ""),
    ],
)
def test_accept_encoding_is_normalized_to_the_preferred_codings(header, normalized):
    assert normalize(header) == normalized
    assert normalize(normalized) == normalized


def compressed_response(header: str | None, content: bytes = LONG) -> HttpResponse:
    headers = {} if header is None else {"accept-encoding": header}
    return compress(RequestFactory().get("/", headers=headers), HttpResponse(content))


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip;q=0", None),
        ("br;q=0, gzip", "gzip"),
        ("*;q=0", None),
    ],
)
def test_responses_have_the_preferred_coding_and_vary_on_accept_encoding(header, coding):
    response = compressed_response(header)
    decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert (response.headers.get("Content-Encoding"), response.headers["Vary"]) == (coding, "Accept-Encoding")
    assert decode(response.content) == LONG
    assert len(response.content) < len(LONG) or coding is None


def test_compression_that_saves_nothing_is_skipped_unless_identity_is_refused():
    assert "Content-Encoding" not in compressed_response("br, gzip", b"short").headers
    response = compressed_response("br, identity;q=0", b"short")
    assert (response.headers["Content-Encoding"], brotli.decompress(response.content)) == ("br", b"short")
