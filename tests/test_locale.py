"""Message catalogues: completeness, compilation, placeholders and script."""

from __future__ import annotations

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils.translation import gettext as gettext_of
from django.utils.translation import override

from newsroom.django_words import REWORDED
from tests.environment import ROOT

LOCALES = ["zh_Hant", "zh_Hans"]
# `django` covers pages and errors, `djangojs` the scripts of the desk and its editor.
DOMAINS = ["django", "djangojs"]
FOREIGN = {"zh_Hant": "[续报导时间连结为发]", "zh_Hans": "[續報導時間連結為發]"}


def read_catalogue(path: Path) -> dict[str, str]:
    """Return msgstr by msgid; assert that the catalogue uses no contexts or plurals."""
    text = path.read_text()
    assert "msgctxt" not in text
    assert "msgid_plural" not in text
    entries = re.findall(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n)+)', text + "\n", re.MULTILINE)
    return {_unquoted(msgid): _unquoted(msgstr) for msgid, msgstr in entries}


def _unquoted(block: str) -> str:
    return "".join(ast.literal_eval(line) for line in block.splitlines())


def catalogue(locale: str, domain: str, ending: str = "po") -> Path:
    return ROOT / "locale" / locale / "LC_MESSAGES" / f"{domain}.{ending}"


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("locale", LOCALES)
def test_messages_are_translated_with_placeholders_in_the_right_script(locale, domain):
    path = catalogue(locale, domain)
    assert "#, fuzzy" not in path.read_text()
    messages = read_catalogue(path)
    messages.pop("")
    assert [msgid for msgid, msgstr in messages.items() if not msgstr] == []
    placeholders = re.compile(r"%\(\w+\)s|%s")
    for msgid, msgstr in messages.items():
        assert sorted(placeholders.findall(msgid)) == sorted(placeholders.findall(msgstr)), msgid
        assert not re.search(FOREIGN[locale], msgstr), msgid


def test_no_message_is_inside_an_f_string():
    """xgettext extracts no messages from f-strings, so they would disappear from the catalogues."""
    inside = []
    for path in [*ROOT.glob("liveblog/**/*.py"), *ROOT.glob("newsroom/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                calls = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
                names = [func.id for func in calls if isinstance(func, ast.Name)]
                inside += [(path.name, node.lineno) for name in names if name == "_" or "gettext" in name]
    assert inside == []


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("locale", LOCALES)
def test_compiled_catalogue_matches_its_source(locale, domain):
    with catalogue(locale, domain, "mo").open("rb") as compiled:
        translations = gettext.GNUTranslations(compiled)
    written = read_catalogue(catalogue(locale, domain))
    written.pop("")
    assert {msgid: translations.gettext(msgid) for msgid in written} == written


@pytest.mark.parametrize("domain", DOMAINS)
def test_both_locales_have_the_same_messages(domain):
    keys = [set(read_catalogue(catalogue(locale, domain))) for locale in LOCALES]
    assert keys[0] == keys[1]


@pytest.mark.parametrize("domain", DOMAINS)
def test_catalogues_contain_every_message_of_the_code(domain, tmp_path):
    if not shutil.which("xgettext"):
        pytest.skip("There is no xgettext on this machine (Debian: gettext).")
    for name in ("liveblog", "newsroom", "templates", "static"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "locale" / "zh_Hant" / "LC_MESSAGES").mkdir(parents=True)
    shutil.copy(ROOT / "manage.py", tmp_path)
    command = [
        sys.executable,
        "manage.py",
        "makemessages",
        "--locale=zh_Hant",
        f"--domain={domain}",
        "--no-location",
    ]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "newsroom.settings"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    extracted = (tmp_path / "locale" / "zh_Hant" / "LC_MESSAGES" / f"{domain}.po").read_text()
    msgids = {_unquoted(block) for block in re.findall(r'^msgid ((?:".*"\n)+)', extracted, re.MULTILINE)}
    assert msgids - set(read_catalogue(catalogue("zh_Hant", domain))) == set()


@pytest.mark.parametrize("language", ["zh-hant", "zh-hans"])
def test_django_words_are_replaced_by_those_of_a_hong_kong_newsroom(language):
    with override(language):
        words = [gettext_of(message) for message in REWORDED]
    assert [word for word in words if re.search("使用者|電子信箱|檢視|您|[一-鿿] [一-鿿]", word)] == []
    assert [word for word in words if word in REWORDED and word != "%s"] == []
