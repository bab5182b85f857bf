"""`make messages`: collect new messages into the catalogues, and compile what is translated."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.environment import ROOT

MANAGE = [sys.executable, "manage.py"]
LOCALES = ("--locale=zh_Hant", "--locale=zh_Hans")
# Directories whose messages are not part of the site, or that have catalogues of their own.
IGNORED = [f"--ignore={name}" for name in (".venv", "benchmarks", "docs", "node_modules", "tests", "var")]


def main() -> None:
    for domain in ("django", "djangojs"):
        _collect(domain)
    for catalogue in sorted((ROOT / "locale").rglob("*.po")):
        # The date would change the file even if no message has changed.
        text = re.sub(r'^"POT-Creation-Date: .*\n', "", catalogue.read_text(), flags=re.MULTILINE)
        catalogue.write_text(text)
        untranslated = len(re.findall(r'^msgstr ""\n(?!")', text, re.MULTILINE))
        guessed = text.count("#, fuzzy")
        print(
            f"{catalogue.relative_to(ROOT)}: {untranslated} to translate, {guessed} guessed (fuzzy) to check"
        )
    subprocess.run([*MANAGE, "compilemessages", *LOCALES, *IGNORED], cwd=ROOT, check=True)


def _collect(domain: str) -> None:
    """Collect a domain's messages; keep earlier ones of scripts, because the editor's own are among them."""
    catalogues = sorted((ROOT / "locale").rglob(f"{domain}.po"))
    earlier = [catalogue.read_bytes() for catalogue in catalogues]
    collect = [*MANAGE, "makemessages", *LOCALES, f"--domain={domain}", "--no-location", "--no-obsolete"]
    subprocess.run([*collect, *IGNORED], cwd=ROOT, check=True)
    if domain != "djangojs":
        return
    for catalogue, content in zip(catalogues, earlier, strict=True):
        with tempfile.TemporaryDirectory() as directory:
            copy = Path(directory) / "earlier.po"
            copy.write_bytes(content)
            command = ["msgcat", "--use-first", f"--output-file={catalogue}", catalogue, copy]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
