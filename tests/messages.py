"""`make messages`: collect new messages into the catalogues, and compile what is translated."""

from __future__ import annotations

import re
import subprocess
import sys

import tests.environment

MANAGE = [sys.executable, "manage.py"]
LOCALES = ("--locale=zh_Hant", "--locale=zh_Hans")
# Directories whose messages nobody is shown.
IGNORED = [f"--ignore={name}" for name in ("audit", "benchmarks", "docs", "tests", "var")]


def main() -> None:
    root = tests.environment.ROOT
    for domain in ("django", "djangojs"):
        collect = [*MANAGE, "makemessages", *LOCALES, f"--domain={domain}", "--no-location", "--no-obsolete"]
        subprocess.run([*collect, *IGNORED], cwd=root, check=True)
    for catalogue in sorted((root / "locale").rglob("*.po")):
        # The date would change the file even if no message has changed.
        text = re.sub(r'^"POT-Creation-Date: .*\n', "", catalogue.read_text(), flags=re.MULTILINE)
        catalogue.write_text(text)
        untranslated = len(re.findall(r'^msgstr ""\n(?!")', text, re.MULTILINE))
        guessed = text.count("#, fuzzy")
        print(
            f"{catalogue.relative_to(root)}: {untranslated} to translate, {guessed} guessed (fuzzy) to check"
        )
    subprocess.run([*MANAGE, "compilemessages", *LOCALES], cwd=root, check=True)


if __name__ == "__main__":
    main()
