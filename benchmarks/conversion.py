"""Benchmark: processor time of converting one KB of Chinese, compared with plain OpenCC in the same run.

The texts are the demo's paragraphs, in both directions. "First time" converts each text once, in a process
that has already converted other texts (the first half of the paragraphs, which is not measured). "Kept" reads
the same texts again through the cache of the editions. The table shows this process's processor time; each
text counts with its fastest of several rounds, to reduce the influence of other work on the machine.

    python -m benchmarks conversion --rounds 25
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from opencc import OpenCC

from liveblog.models import Edition
from liveblog.presentation.editions import Converter
from newsroom.text import chinese, traditional

DEMO = Path(__file__).parents[1] / "liveblog/demo"
CONFIGURATIONS = {chinese.TRADITIONAL: "s2hk", chinese.SIMPLIFIED: "hk2s"}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks conversion")
    parser.add_argument("--rounds", type=int, default=25)
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
    first: list[list[float]] = []
    alone: list[list[float]] = []
    cached: list[list[float]] = []
    convert = Converter(Edition(language, 0)).text
    for _ in range(rounds):
        traditional.forget_words()
        for text in known:
            chinese.convert(text, language)
        first.append(_times(new, lambda text: chinese.convert(text, language)))
        alone.append(_times(new, plain.convert))
        cached.append(_times(new, convert))
    size = sum(len(text.encode()) for text in new) / 1024
    costs = [_least(times) * 1e6 / size for times in (first, cached, alone)]
    return f"| {language} | {costs[0]:.0f} | {costs[1]:.2f} | {costs[2]:.0f} | {costs[0] / costs[2]:.2f} |"


def _times(texts: Iterable[str], convert: Callable[[str], str]) -> list[float]:
    """Return the processor time of each text, in seconds."""
    times = []
    for text in texts:
        started = time.process_time()
        convert(text)
        times.append(time.process_time() - started)
    return times


def _least(rounds: list[list[float]]) -> float:
    """Return the sum of each text's fastest round, because other work on the machine can only add time."""
    return sum(map(min, zip(*rounds, strict=True)))
