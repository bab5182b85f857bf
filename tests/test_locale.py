"""The catalogues: complete, compiled, with every placeholder, each in its own script."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest

from tests.environment import ROOT

LOCALES = ["zh_Hant", "zh_Hans"]
FOREIGN = {"zh_Hant": "[续报导时间连结为发]", "zh_Hans": "[續報導時間連結為發]"}


def read_catalogue(path: Path) -> dict[str, str]:
    """msgid to msgstr; contexts and plurals are not in use, and the test says so when they come."""
    text = path.read_text()
    assert "msgctxt" not in text
    assert "msgid_plural" not in text
    entries = re.findall(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n)+)', text + "\n", re.MULTILINE)
    return {_unquoted(msgid): _unquoted(msgstr) for msgid, msgstr in entries}


def _unquoted(block: str) -> str:
    return "".join(ast.literal_eval(line) for line in block.splitlines())


@pytest.mark.parametrize("locale", LOCALES)
def test_every_message_is_translated_with_its_placeholders_in_its_own_script(locale):
    path = ROOT / "locale" / locale / "LC_MESSAGES" / "django.po"
    assert "#, fuzzy" not in path.read_text()
    messages = read_catalogue(path)
    messages.pop("")
    assert [msgid for msgid, msgstr in messages.items() if not msgstr] == []
    placeholders = re.compile(r"%\(\w+\)s")
    for msgid, msgstr in messages.items():
        assert sorted(placeholders.findall(msgid)) == sorted(placeholders.findall(msgstr)), msgid
        assert not re.search(FOREIGN[locale], msgstr), msgid


@pytest.mark.parametrize("locale", LOCALES)
def test_the_compiled_catalogue_is_the_written_one(locale):
    folder = ROOT / "locale" / locale / "LC_MESSAGES"
    with (folder / "django.mo").open("rb") as compiled:
        translations = gettext.GNUTranslations(compiled)
    written = read_catalogue(folder / "django.po")
    written.pop("")
    assert {msgid: translations.gettext(msgid) for msgid in written} == written


def test_both_catalogues_know_the_same_messages():
    keys = [set(read_catalogue(ROOT / "locale" / locale / "LC_MESSAGES" / "django.po")) for locale in LOCALES]
    assert keys[0] == keys[1]
