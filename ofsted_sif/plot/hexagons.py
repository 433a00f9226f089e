"""The geometry of a hex map: centres, corners and the borders of regions, in units of a hexagon's width, and short names to write in them.

Pointed at the top; rows are counted from the south, and odd rows lie half a hexagon to the right ("odd-r").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt

Point = tuple[float, float]

_RADIUS = 1 / sqrt(3)
# From the top, clockwise; corner i and corner i + 1 bound the side towards _NEIGHBOURS[i].
_CORNERS = ((0.0, _RADIUS), (0.5, _RADIUS / 2), (0.5, -_RADIUS / 2), (0.0, -_RADIUS), (-0.5, -_RADIUS / 2), (-0.5, _RADIUS / 2))


def centre(q: int, r: int) -> Point:
    """The centre of the hexagon in column q and row r."""
    return q + 0.5 * (r % 2), r * sqrt(3) / 2


def corners(q: int, r: int) -> list[Point]:
    """The six corners, from the top clockwise."""
    x, y = centre(q, r)
    return [(x + dx, y + dy) for dx, dy in _CORNERS]


def _neighbours(q: int, r: int) -> list[tuple[int, int]]:
    """The six neighbours, from the upper right clockwise."""
    right = q + r % 2
    return [(right, r + 1), (q + 1, r), (right, r - 1), (right - 1, r - 1), (q - 1, r), (right - 1, r + 1)]


def borders(region: Mapping[tuple[int, int], object]) -> list[tuple[Point, Point]]:
    """The sides on which two hexagons of unlike regions meet, each once."""
    lines = []
    for (q, r), name in region.items():
        points = corners(q, r)
        for side, beside in enumerate(_neighbours(q, r)[:3]):
            if beside in region and region[beside] != name:
                lines.append((points[side], points[(side + 1) % 6]))
    return lines


_SMALL_WORDS = {"and", "of", "upon", "the", "with", "on", "in"}


def short_name(name: str) -> str:
    """At most five letters that call the name to mind; two names may share them.

    Examples
    --------
    >>> [short_name(name) for name in ("Devon", "North Yorkshire", "Bath and North East Somerset", "Kingston upon Hull, City of")]
    ['Devo', 'NYor', 'BNES', 'KHul']
    """
    words = [
        word for word in re.findall(r"[^\W\d_]+", name.split(",")[0].replace("'", "").replace("’", "")) if word.lower() not in _SMALL_WORDS
    ]
    if len(words) < 2:
        return "".join(words)[:4]
    if len(words) == 2:
        return words[0][0] + words[1][:3]
    return "".join(word[0] for word in words)[:5]


def short_names(names: Sequence[str]) -> list[str]:
    """A short name for each name, no two alike: of those that would share one, the longer names take other letters.

    Examples
    --------
    >>> short_names(["Nottingham", "Nottinghamshire", "Devon"])
    ['Nott', 'Nots', 'Devo']
    """
    found: dict[int, str] = {}
    for place in sorted(range(len(names)), key=lambda place: (len(names[place]), names[place], place)):
        taken = set(found.values())
        found[place] = next(short for short in _candidates(names[place]) if short not in taken)
    return [found[place] for place in range(len(names))]


def _candidates(name: str) -> Iterator[str]:
    """Short names of one name, the best first; a number at the end where no letters are left, so that there is always another."""
    first = short_name(name)
    yield first
    words = re.findall(r"[^\W\d_]+", name.split(",")[0].replace("'", "").replace("\u2019", ""))
    if words and words[0].lower().endswith("shire"):
        yield words[0][:3] + "s"
    if len(words) > 1:
        yield words[0][:2] + words[-1][:2]
        yield words[0][:3] + words[-1][0]
    letters = "".join(words)
    for letter in letters[4:]:
        yield letters[:3] + letter
    number = 2
    while True:
        yield f"{first[:3]}{number}"
        number += 1
