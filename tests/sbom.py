"""`make sbom`: the runtime dependencies as CycloneDX, with licences, and docs/licences.md from the same list.

Versions and hashes come from requirements.txt, licences from the metadata of the installed packages.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.environment import ROOT

LOCK: Final = ROOT / "requirements.txt"
PAGE: Final = ROOT / "docs/licences.md"
OUTPUT: Final = ROOT / "var/sbom.cdx.json"
# All of them allow use and distribution with a newsroom under any licence; the LGPL and MPL only require that
# their own source is available.
PERMITTED: Final = {
    *(
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "LGPL-3.0-only",
        "MIT",
        "MIT-0",
        "MIT-CMU",
    ),
    *("MPL-2.0", "PSF-2.0", "Unicode-3.0", "Zlib", "Python-2.0", "CC0-1.0", "CC-BY-4.0"),
}
# A package for one operating system, not installed on others, and one whose metadata has no licence.
STATED_ELSEWHERE: Final = {"colorama": "BSD-3-Clause", "zxcvbn-rs-py": "MIT"}
# Older ways to state a licence.
_SPDX: Final = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD-3-clause": "BSD-3-Clause",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def pins() -> dict[str, str]:
    """Return the versions of the lock by package."""
    return dict(re.findall(r"^([a-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;\\]+)", LOCK.read_text(), re.MULTILINE))


def licence_of(name: str) -> str:
    """Return a package's licence as an SPDX expression, or as the package states it if that is not one."""
    if name in STATED_ELSEWHERE:
        return STATED_ELSEWHERE[name]
    try:
        return _stated(distribution(name))
    except PackageNotFoundError:
        return "unknown"


def _stated(package: Distribution) -> str:
    fields = package.metadata
    if expression := fields.get("License-Expression"):
        return expression
    text = (fields.get("License") or "").strip()
    if text and "\n" not in text and len(text) < 60:
        return _SPDX.get(text, text.replace("BSD 3-Clause", "BSD-3-Clause"))
    lines = [line for line in fields.get_all("Classifier", []) if line.startswith("License :: ")]
    names = [line.rsplit(" :: ", 1)[1] for line in lines]
    stated = [_SPDX.get(name, name) for name in names if name != "OSI Approved"]
    return " OR ".join(stated) or "unknown"


def is_permitted(expression: str) -> bool:
    """Return whether a choice of the licences in an SPDX expression is permitted."""
    choices = re.split(r"\s+OR\s+", expression.replace("(", "").replace(")", ""))
    return any(
        all(name in PERMITTED for name in re.split(r"\s+AND\s+|\s+WITH\s+", choice)) for choice in choices
    )


def page() -> str:
    rows = [f"| {name} | {version} | {licence_of(name)} |" for name, version in sorted(pins().items())]
    head = [
        "# Licences",
        "",
        "Each package of `requirements.txt`, which is what a newsroom runs on. `make sbom` writes this page;",
        "a test compares it, and refuses licences that are not on its list. [Dependencies](dependencies.md)",
        "says what each is for.",
        "",
        "| package | version | licence |",
        "| --- | --- | --- |",
    ]
    return "\n".join([*head, *rows]) + "\n"


def bill() -> dict[str, Any]:
    """Return the bill of materials. Raise ValueError if it does not follow the schema."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(LOCK), "--pyproject=pyproject.toml"]
    options = ["--output-reproducible", "--spec-version=1.6", "--output-format=JSON"]
    output = subprocess.run([*command, *options], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    document: dict[str, Any] = json.loads(output)
    for component in document["components"]:
        expression = licence_of(component["name"])
        component["licenses"] = [{"expression": expression}]
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)):
        raise ValueError(f"The bill of materials does not follow CycloneDX 1.6: {error}")
    return document


def main() -> None:
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(bill(), indent=2) + "\n")
    PAGE.write_text(page())
    print(f"Wrote {OUTPUT.relative_to(Path.cwd())} and {PAGE.relative_to(Path.cwd())}.")


if __name__ == "__main__":
    main()
