"""Benchmark: what the conversion of Chinese costs for each KB, beside plain OpenCC in the same run.

The texts are the demo's paragraphs, in both directions. "First time" converts each text once, in a process
that has converted others before (the first half of the paragraphs, which is not measured); "kept" reads the
same texts again through the cache of the editions. Processor time of this process, so that other work on the
machine counts little; the median of several rounds.

    python -m benchmarks conversion --rounds 9
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from opencc import OpenCC

from liveblog import editions
from liveblog.models import Edition
from newsroom import chinese
from newsroom.text import traditional

DEMO = Path(__file__).parents[1] / "liveblog/demo"
CONFIGURATIONS = {chinese.TRADITIONAL: "s2hk", chinese.SIMPLIFIED: "hk2s"}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks conversion")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args(arguments)
    paragraphs = _paragraphs()
    print("| to | first time µs/KB | kept µs/KB | OpenCC alone µs/KB | first time ÷ OpenCC |")
    print("|---|---|---|---|---|")
    for language, configuration in CONFIGURATIONS.items():
        texts = [OpenCC("hk2s").convert(text) for text in paragraphs]
        if language == chinese.SIMPLIFIED:
            texts = paragraphs
        print(_row(language, OpenCC(configuration), texts, options.rounds))


def _paragraphs() -> list[str]:
    """Return the demo's Chinese paragraphs, all in Traditional."""
    lines = "\n".join(path.read_text() for path in sorted(DEMO.glob("*.txt"))).splitlines()
    written = [line for line in lines if re.search("[\u4e00-\u9fff]", line)]
    return [chinese.convert(line, chinese.TRADITIONAL) for line in written]


def _row(language: str, plain: OpenCC, texts: list[str], rounds: int) -> str:
    middle = len(texts) // 2
    known, new = texts[:middle], texts[middle:]
    plain.convert(known[0])
    first_times, plain_times = [], []
    for _ in range(rounds):
        traditional.forget_words()
        _cost(known, lambda text: chinese.convert(text, language))
        first_times.append(_cost(new, lambda text: chinese.convert(text, language)))
        plain_times.append(_cost(new, plain.convert))
    convert = editions.converter(Edition(language, 0))
    _cost(new, convert)
    kept = statistics.median(_cost(new, convert) for _ in range(rounds))
    first, alone = statistics.median(first_times), statistics.median(plain_times)
    return f"| {language} | {first:.0f} | {kept:.2f} | {alone:.0f} | {first / alone:.2f} |"


def _cost(texts: Iterable[str], convert: Callable[[str], str]) -> float:
    """Return the processor time of conversion in microseconds for each KB."""
    texts = list(texts)
    started = time.process_time()
    for text in texts:
        convert(text)
    return (time.process_time() - started) * 1e6 / (sum(len(text.encode()) for text in texts) / 1024)
