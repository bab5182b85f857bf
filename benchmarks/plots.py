"""Line plots as SVG, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 170, 44, 52
# Colours for light and dark pages, which also differ in lightness, for readers who cannot tell hues apart.
COLOURS = [
    *[("#0b5cad", "#7db8f5"), ("#b3470d", "#f5a468"), ("#3b7d23", "#9bd67f"), ("#7a3e9d", "#cfa3ea")],
    ("#555555", "#bbbbbb"),
]
DASHES = ["", "6 4", "2 4", "10 4 2 4", "1 3"]


def line_plot(title: str, x_label: str, y_label: str, lines: Mapping[str, Points]) -> str:
    """Return an SVG document. The x axis is logarithmic; the y axis begins at zero."""
    xs = sorted({x for points in lines.values() for x, _y in points})
    top = _rounded_up(max(y for points in lines.values() for _x, y in points))

    def place(x: float, y: float) -> tuple[float, float]:
        span = math.log(xs[-1] / xs[0]) or 1
        return (
            LEFT + math.log(x / xs[0]) / span * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM),
        )

    parts = [_text(LEFT, 22, title, "title"), _text(LEFT, HEIGHT - 10, x_label), _text(8, TOP - 8, y_label)]
    for step in range(6):
        value = top * step / 5
        _x, y = place(xs[0], value)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{value:g}", "end"))
    parts += [_text(place(x, 0)[0], HEIGHT - BOTTOM + 18, f"{x:,.0f}", "middle") for x in xs]
    ends: list[float] = []
    for serial, (name, points) in enumerate(lines.items()):
        places = [place(x, y) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="l{serial}" points="{path}"/>')
        parts += [f'<circle class="c{serial}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places]
        # Keep labels apart where lines end close together.
        y = places[-1][1] + 4
        while any(abs(y - other) < 15 for other in ends):
            y -= 15
        ends.append(y)
        parts.append(_text(WIDTH - RIGHT + 8, y, name, f"c{serial}"))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{_style(len(lines))}</style>",
            '<rect class="page" width="100%" height="100%"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _text(x: float, y: float, text: str, name: str = "") -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _style(count: int) -> str:
    def colours(number: int) -> str:
        return "".join(
            f".l{serial}{{stroke:{COLOURS[serial][number]};stroke-dasharray:{DASHES[serial]}}}"
            f".c{serial}{{fill:{COLOURS[serial][number]}}}"
            for serial in range(count)
        )

    light = ".page{fill:#fff}text{fill:#222}.grid{stroke:#ddd}" + colours(0)
    dark = ".page{fill:#16181c}text{fill:#e6e6e6}.grid{stroke:#3a3d43}" + colours(1)
    return (
        "text{font:13px sans-serif}.title{font-size:16px;font-weight:bold}.end{text-anchor:end}"
        ".middle{text-anchor:middle}polyline{fill:none;stroke-width:2}"
        f"{light}@media(prefers-color-scheme:dark){{{dark}}}"
    )


def _rounded_up(value: float) -> float:
    """Return the next of 1, 2, 2.5, 5 and 10 times a power of ten."""
    power = 10 ** math.floor(math.log10(value or 1))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value)
