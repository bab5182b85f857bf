"""One function per tool, which runs it and decides which of its findings are errors of ours."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from audit import tools
from audit.demo import Answer, sample
from audit.tools import Finding, Missing, Result
from tests import chromium

# Pages that search engines may index. Lighthouse would mark down all others for being hidden from them.
LIGHTHOUSE_PAGES: Final = [
    re.compile(pattern) for pattern in ("/", "/live/[a-z0-9-]+/", r"/live/[a-z0-9-]+/\d+/", "/topics/[a-z]+/")
]
LIGHTHOUSE_ATTEMPTS: Final = 3
# This page is made by Swagger UI.
NOT_OURS: Final = {"/api/v1/docs/"}
_AXE: Final = """async () => {
  const results = await axe.run(document, {resultTypes: ["violations"]});
  return results.violations.map(
    one => `${one.id} (${one.impact}): ${one.help}: ${one.nodes[0].html.slice(0, 120)}`
  );
}"""


def markup(answers: list[Answer], directory: Path) -> Result:
    """Run the Nu Html Checker on every page."""
    java = shutil.which("java")
    if java is None:
        raise Missing("vnu-jar needs Java (Debian: default-jre-headless), which this machine does not have")
    pages = {f"{number}.html": answer for number, answer in enumerate(answers) if answer.is_page}
    for name, answer in pages.items():
        (directory / name).write_bytes(answer.body)
    jar = tools.MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = [java, "-jar", jar, "--format", "json", "--stdout", "--exit-zero-always", *pages]
    messages = json.loads(tools.run(command, directory).stdout)["messages"]
    findings: dict[bool, list[Finding]] = {True: [], False: []}
    for message in messages:
        page = pages[message["url"].rpartition("/")[2]]
        findings[message["type"] != "info"].append(Finding(message["message"], page.path))
    return Result(tools.version("vnu-jar"), f"{len(pages)} pages", findings[True], findings[False])


def accessibility(url: str, answers: list[Answer]) -> Result:
    """Run axe with all rules, best practices included, on two pages of each kind, in light and dark."""
    source = (tools.MODULES / "axe-core" / "axe.min.js").read_text()
    pages = sample(answers)
    errors, notes = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=chromium.ARGUMENTS)
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme)
            for answer in pages:
                is_theirs = answer.path in NOT_OURS
                (notes if is_theirs else errors).extend(_violations(page, url, answer, source))
        browser.close()
    return Result(tools.version("axe-core"), f"{len(pages)} pages, light and dark", errors, notes)


def _violations(page: Page, url: str, answer: Answer, source: str) -> list[Finding]:
    page.goto(url + answer.path, wait_until="load")
    page.evaluate(source)
    return [Finding(message, answer.path) for message in page.evaluate(_AXE)]


def performance(url: str, answers: list[Answer], directory: Path) -> tuple[Result, dict[str, dict[str, int]]]:
    """Run Lighthouse's phone emulation on a page of each kind; also return scores by page and category."""
    scores: dict[str, dict[str, int]] = {}
    errors, notes = [], []
    for number, pattern in enumerate(LIGHTHOUSE_PAGES):
        path = next(answer.path for answer in answers if pattern.fullmatch(answer.path))
        report = _lighthouse(url + path, directory / f"lighthouse-{number}.json")
        categories = report["categories"]
        scores[path] = {one["title"]: round(one["score"] * 100) for one in categories.values()}
        for name, category in categories.items():
            weighed = {one["id"] for one in category["auditRefs"] if one["weight"] > 0}
            failed = [
                Finding(report["audits"][audit]["title"], path)
                for audit in sorted(weighed)
                if report["audits"][audit]["score"] is not None and report["audits"][audit]["score"] < 0.9
            ]
            # Times depend on the machine as much as on our code.
            (notes if name == "performance" else errors).extend(failed)
    return Result(tools.version("lighthouse"), f"{len(scores)} pages, as on a phone", errors, notes), scores


def _lighthouse(address: str, output: Path) -> dict[str, Any]:
    """Return Lighthouse's report. Retry if it could not measure the page, because the machine may be busy."""
    os.environ["CHROME_PATH"] = _chromium()
    flags = f"--chrome-flags=--headless=new {' '.join(chromium.ARGUMENTS)}"
    command = [
        tools.node("lighthouse"),
        address,
        "--quiet",
        "--output=json",
        f"--output-path={output}",
        flags,
    ]
    for _attempt in range(LIGHTHOUSE_ATTEMPTS):
        finished = tools.run(command, output.parent)
        if not output.exists():
            raise SystemExit(f"Lighthouse did not finish {address}:\n{finished.stderr[-2000:]}")
        report = json.loads(output.read_text())
        if all(category["score"] is not None for category in report["categories"].values()):
            return report
    raise SystemExit(
        f"Lighthouse could not measure {address}: {report['runWarnings']}\n{finished.stderr[-2000:]}"
    )


def _chromium() -> str:
    executable = chromium.find_chromium()
    if executable is None:
        raise Missing("Chromium is not on this machine (Debian: chromium)")
    return executable


def description(schema: Path) -> Result:
    """Lint the OpenAPI description with Redocly's recommended rules."""
    command = [tools.node("redocly"), "lint", schema, "--config", tools.CONFIG, "--format=json"]
    output = tools.run(command, schema.parent)
    try:
        problems = json.loads(output.stdout)["problems"]
    except ValueError as error:
        raise SystemExit(f"Redocly did not finish:\n{output.stdout}{output.stderr}") from error
    lines = {severity: _problems(problems, severity) for severity in ("error", "warn")}
    paths = len(json.loads(schema.read_text())["paths"])
    return Result(tools.version("@redocly/cli"), f"{paths} paths", lines["error"], lines["warn"])


def _problems(problems: Iterable[dict[str, Any]], severity: str) -> list[Finding]:
    return [
        Finding(f"{problem['ruleId']}: {problem['message']}", problem["location"][0].get("pointer", ""))
        for problem in problems
        if problem["severity"] == severity
    ]


def client(url: str, schema: Path) -> Result:
    """Check that a TypeScript client generated from the description compiles and can read the demo."""
    directory = schema.parent
    (directory / "node_modules").symlink_to(tools.MODULES)
    (directory / "package.json").write_text('{"type": "module"}')
    shutil.copy(tools.CLIENT, directory / "client.ts")
    steps: list[list[str | Path]] = [
        [tools.node("openapi-typescript"), schema, "--output", "schema.d.ts"],
        [tools.node("tsc"), "--strict", "--target", "es2022", "--module", "nodenext", "client.ts"],
        ["node", "client.js", url],
    ]
    for step in steps:
        finished = tools.run(step, directory)
        if finished.returncode:
            error = Finding(finished.stdout[-2000:] + finished.stderr[-2000:], Path(step[0]).name)
            return Result(tools.version("openapi-typescript"), "a client", [error])
    return Result(tools.version("openapi-typescript"), f"a client that read {finished.stdout.strip()}")
