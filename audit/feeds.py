"""Checks of feeds and sitemaps: the standards' schemas, feedparser and the W3C feed validator."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Final
from xml.sax import SAXException

import feedparser
from jsonschema import ValidationError
from lxml.etree import LxmlError

from audit.demo import Answer
from audit.tools import Finding, Missing, Result
from tests.standards import read_atom, read_json_feed, read_xml

FEED_VALIDATOR: Final = "https://github.com/w3c/feedvalidator"


def feeds(answers: list[Answer]) -> Result:
    """Validate every feed and sitemap by its standard's schema, and parse feeds with feedparser."""
    errors, count = [], 0
    for answer in answers:
        form = answer.path.rpartition(".")[2]
        if answer.status == 200 and form in ("atom", "rss", "json", "xml"):
            count += 1
            try:
                _read(form, answer)
            except (LxmlError, SAXException, ValidationError, ValueError, AssertionError) as error:
                errors.append(Finding(str(error), answer.path))
    return Result("RELAX NG, JSON Schema, feedparser", f"{count} feeds and site maps", errors)


def _read(form: str, answer: Answer) -> None:
    if form == "json":
        read_json_feed(answer.body)
    elif form == "xml":
        read_xml("sitemap", answer.body)
    else:
        read_atom(answer.body) if form == "atom" else read_xml("rss", answer.body)
        if problem := feedparser.parse(answer.body).get("bozo_exception"):
            raise problem


def w3c_feeds(url: str, answers: list[Answer], checkout: Path | None) -> Result:
    """Run the W3C feed validator on Atom and RSS; `checkout` is a clone, since no registry has it."""
    if checkout is None:
        raise Missing(
            f"the W3C feed validator is in no registry: clone {FEED_VALIDATOR} and give --feedvalidator"
        )
    sys.path.insert(0, str(checkout / "src"))
    validator = import_module("feedvalidator")
    describe = import_module("feedvalidator.formatter.text_plain").Formatter
    # Use level AA, like validator.w3.org/feed.
    relevant = import_module("feedvalidator.compatibility").AA
    errors, notes = [], []
    checked = [answer for answer in answers if answer.path.endswith((".atom", ".rss"))]
    for answer in checked:
        events = validator.validateURL(url + answer.path, firstOccurrenceOnly=1)["loggedEvents"]
        for event in relevant(events):
            is_error = isinstance(event, validator.logging.Error)
            message = describe([event])[0].partition(": ")[2]
            (errors if is_error else notes).append(Finding(message, answer.path))
    return Result("W3C feed validator", f"{len(checked)} feeds", errors, notes)
