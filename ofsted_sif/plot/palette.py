"""The colours of the grades, the same in every picture and on the report's page, and the colour of text on them.

One rule makes them readable to everybody, in grey too: the worse the grade, the darker its colour, with at least 10 steps of CIELAB
lightness between neighbours however colours are seen. The tests compute it with the matrices of Machado, Oliveira and Fernandes (2009,
doi:10.1109/TVCG.2009.113) for protanopia, deuteranopia and tritanopia, and the contrast of the text by the formula of WCAG 2.
"""

from __future__ import annotations

from collections.abc import Sequence

from ofsted_sif.scales import GradeScale

INK = "#1d2530"  # text and outlines
QUIET = "#56606d"  # captions and axes; 6.4 to 1 on white
RULE = "#d9dee4"  # lines of a grid
PAPER = "#ffffff"
ACCENT = "#2f6690"  # what is no grade: lines, points and intervals
NO_GRADE = "#ffffff"  # not judged: white, hatched with NO_GRADE_HATCH
NO_GRADE_HATCH = "#98a2ae"

# Okabe and Ito's colours for lines (https://jfly.uni-koeln.de/color/), without the yellow, which is too light on white.
LINES = ("#0072b2", "#d55e00", "#007a5a", "#a04d7e", "#1d2530", "#b07a00", "#3a93c2", "#7a4a2a", "#6b7480")

_FILLS = {
    2: ("#78b4d4", "#641230"),
    3: ("#c5e6da", "#78b4d4", "#641230"),
    4: ("#c5e6da", "#78b4d4", "#bf561e", "#641230"),
    5: ("#d5efe6", "#97cbdc", "#5f9bcb", "#b34a16", "#5c0f2b"),
}


def fills(scale: GradeScale) -> dict[str, str]:
    """The colour of each label of a scale, best first.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> from ofsted_sif.plot.palette import fills
    >>> fills(sif.FOUR_POINT)["Inadequate"]
    '#641230'
    """
    return dict(zip(scale.labels, _ramp(len(scale.labels)), strict=True))


def _ramp(n: int) -> Sequence[str]:
    """N colours, best first; of a scale without colours of its own, points on the line through the five."""
    if n in _FILLS:
        return _FILLS[n]
    if n == 1:
        return _FILLS[2][:1]
    anchors = [_channels(fill) for fill in _FILLS[5]]
    colours = []
    for position in range(n):
        place, part = divmod(position * 4, n - 1)
        start, end = anchors[place], anchors[min(place + 1, 4)]
        colours.append("#" + "".join(f"{round(a + (b - a) * part / (n - 1)):02x}" for a, b in zip(start, end, strict=True)))
    return colours


def text_on(fill: str) -> str:
    """The colour of text on a fill: ink or white, whichever has the more contrast."""
    return max((INK, PAPER), key=lambda colour: contrast(colour, fill))


def grey(fill: str) -> str:
    """The grey of a fill, halfway to white: what is not looked at."""
    part = 255 * (luminance(fill) ** (1 / 2.2))
    return f"#{round((part + 255) / 2):02x}" + f"{round((part + 255) / 2):02x}" * 2


def readable(colour: str, ground: str, least: float = 4.5) -> str:
    """The colour itself where it has the contrast on the ground, else mixed with white or ink until it has.

    Examples
    --------
    >>> readable("#1d2530", "#ffffff")
    '#1d2530'
    >>> contrast(readable("#1d2530", "#000000"), "#000000") >= 4.5
    True
    """
    end = max(("#000000", PAPER), key=lambda other: contrast(other, ground))
    for step in range(11):
        mixed = "#" + "".join(f"{round(a + (b - a) * step / 10):02x}" for a, b in zip(_channels(colour), _channels(end), strict=True))
        if contrast(mixed, ground) >= least:
            return mixed
    return end


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG 2 defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of a colour ``#rrggbb``, 0 to 1, as WCAG 2 defines it."""
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
