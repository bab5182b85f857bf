"""Validation of served documents: schemas in `tests/schemas`, and rules that no schema can express."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from lxml import etree

from tests.environment import ROOT

ATOM: Final = "{http://www.w3.org/2005/Atom}"
TOMBSTONES: Final = "{http://purl.org/atompub/tombstones/1.0}"
SITEMAP: Final = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS: Final = "{http://www.google.com/schemas/sitemap-news/0.9}"

_SCHEMAS: Final = ROOT / "tests" / "schemas"


@cache
def _relax_ng(name: str) -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(_SCHEMAS / f"{name}.rng"))


def read_xml(name: str, body: bytes) -> etree._Element:
    """Parse `body`, and assert that it is valid against the schema `name`."""
    root = etree.fromstring(body)
    _relax_ng(name).assertValid(root)
    return root


def read_atom(body: bytes) -> etree._Element:
    """Parse a valid Atom feed; assert unique ids, tombstones included, and an author for every entry."""
    root = read_xml("atom", body)
    entries, deleted = root.findall(f"{ATOM}entry"), root.findall(f"{TOMBSTONES}deleted-entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries] + [tombstone.get("ref") for tombstone in deleted]
    assert len(ids) == len(set(ids))
    has_author = root.find(f"{ATOM}author") is not None
    assert has_author or all(entry.find(f"{ATOM}author") is not None for entry in entries)
    links = [(link.get("rel"), link.get("type")) for link in root.findall(f"{ATOM}link")]
    assert len(links) == len(set(links))
    return root


def read_json_feed(body: bytes) -> dict[str, Any]:
    feed = json.loads(body)
    schema = json.loads((_SCHEMAS / "jsonfeed.json").read_text())
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(feed)
    ids = [item["id"] for item in feed["items"]]
    assert len(ids) == len(set(ids))
    return feed
