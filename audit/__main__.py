"""Runs every checker over the demo, writes docs/audit.md, and fails if there are errors of ours."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from audit import checks, feeds, report, tools
from audit.demo import Answer, crawl, demo_newsroom, fetch
from audit.tools import Missing, Result


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m audit", description=__doc__)
    parser.add_argument("--feedvalidator", type=Path, help=f"a clone of {feeds.FEED_VALIDATOR}")
    options = parser.parse_args()
    tools.install()
    results: list[Result] = []
    skipped: list[str] = []
    scores: dict[str, dict[str, int]] = {}

    def run(check: Callable[..., Result], *arguments: object) -> None:
        print(f"{check.__name__} …", flush=True)
        try:
            result = check(*arguments)
        except Missing as reason:
            skipped.append(f"{check.__name__}: {reason}.")
            print(f"  not run: {reason}", flush=True)
        else:
            results.append(result)
            print(f"  {result.tool}: {result.checked}, {len(result.errors)} errors")
            print("".join(f"  {line}\n" for line in result.lines(result.errors)), end="", flush=True)

    def lighthouse(url: str, answers: list[Answer], directory: Path) -> Result:
        result, page_scores = checks.performance(url, answers, directory)
        scores.update(page_scores)
        return result

    with demo_newsroom() as url, tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        schema = directory / "schema.json"
        schema.write_bytes(fetch(url, "/api/v1/schema/?format=json").body)
        answers = [*crawl(url), *(fetch(url, path) for path in ("/sitemap.xml", "/news-sitemap.xml"))]
        run(checks.markup, answers, directory)
        run(checks.accessibility, url, answers)
        run(lighthouse, url, answers, directory)
        run(feeds.feeds, answers)
        run(feeds.w3c_feeds, url, answers, options.feedvalidator)
        run(checks.description, schema)
        run(checks.client, url, schema)
    report.write(results, skipped, scores)
    return 1 if any(result.errors for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
