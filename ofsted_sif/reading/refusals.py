"""Why a file is not read: what it is, or which layout it is like, what it lacks for it, and how a layout of one's own reads it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

from ofsted_sif.reading.files import Source
from ofsted_sif.reading.layouts import HEADER_WITHIN, Layout, form, header_cells, known_layouts, names
from ofsted_sif.reading.report import ReadingError

# How alike two headers must be to be held for the same: words in another order count less than other words.
_ALIKE = 0.6
# How much of what a layout asks for a row must have, at least, to be called like it.
_LEAST = 0.35
_GLANCE = 10  # rows that may say what a file is, before its header
_MOST_CELLS = 200  # of a row that are compared


@cache
def _refused() -> tuple[Mapping[str, Any], ...]:
    said = tomllib.loads((Path(__file__).parent / "refused.toml").read_text(encoding="utf-8"))
    return tuple(said["refused"])


def refuse_before_layouts(source: Source, sheets: Sequence[str | None]) -> None:
    """Raise the error that says what a file is whose header a layout could take for its own."""
    for name in sheets:
        cells = [cell.casefold() for row in source.load(name, _GLANCE).rows for cell in row if isinstance(cell, str)]
        told = "\0".join([source.file.casefold().replace("_", " "), (name or "").casefold().replace("_", " "), *cells])
        for one in _refused():
            if one.get("first") and one["words"] in told:
                raise ReadingError(one["says"], file=source.file, sheet=name)


def refuse_known(source: Source, sheets: Sequence[str | None]) -> None:
    """Raise the error that says what a file is that holds no inspections."""
    for name in sheets:
        rows = [header_cells(row) for row in source.load(name, HEADER_WITHIN).rows]
        told = [form(source.file), form(name or ""), *(cell for row in rows for cell in row)]
        for one in _refused():
            by_words = "words" in one and any(one["words"] in text for text in told)
            like = [row for row in rows if "headers" in one and set(one["headers"]) <= set(row)]
            if by_words or (like and not (one.get("undated") and any(map(_is_of_inspection, like[0])))):
                raise ReadingError(one["says"], file=source.file, sheet=name)


def _is_of_inspection(cell: str) -> bool:
    """Whether a header is that of the date or the number of an inspection: to a layout, or by its words."""
    words = set(cell.split())
    return cell in _of_inspections() or ("inspection" in words and not words.isdisjoint(("date", "number")))


@cache
def _of_inspections() -> frozenset[str]:
    blocks = [block.columns for layout in known_layouts() for block in layout.blocks]
    return frozenset(cell for columns in blocks for target in ("inspection_start", "inspection_number") for cell in columns.get(target, ()))


def refuse_unknown(source: Source, sheets: Sequence[str | None], among: Sequence[Layout]) -> None:
    """Raise the error about a file of no known layout: the nearest by likeness, what lacks, and how to read it all the same."""
    best: tuple[float, str | None, int, Layout, tuple[str, ...], Sequence[Any]] | None = None
    for name in sheets:
        for number, row in enumerate(source.load(name, HEADER_WITHIN).rows):
            cells = header_cells(row)[:_MOST_CELLS]
            if sum(map(bool, cells)) < 3:
                continue
            for layout in among:
                found = _matched(layout, cells)
                likeness = sum(1 if one == 1 else one / 2 for one, _ in found) / len(found)  # the same name tells more than one like it
                if likeness < _LEAST:
                    continue
                likeness += len(_spellings(layout).intersection(cells)) / len(cells)  # of layouts as like, the one that knows most columns
                if best is None or likeness > best[0] + 1e-9:
                    best = (likeness, name, number, layout, cells, row)
    if best is None:
        raise ReadingError(
            f"no row is the header of a layout of inspections that is known. A layout of your own reads it:\n{_recipe(None, (), ())}",
            file=source.file,
        )
    _, name, number, layout, cells, row = best
    raise ReadingError(_told(layout, cells, row), file=source.file, sheet=name, row=number + 1)


def _matched(layout: Layout, cells: Sequence[str]) -> list[tuple[float, int]]:
    """For each header that a layout asks for the likest cell, each cell once: how like it is (1: the same), and which."""
    found: list[tuple[float, int]] = [(0.0, -1)] * len(layout.required)
    for number, spellings in enumerate(layout.required):
        at = next((cells.index(spelling) for spelling in spellings if spelling in cells), -1)
        if at >= 0:
            found[number] = (1.0, at)
    used = {at for _, at in found} | {at for at, cell in enumerate(cells) if cell in _spellings(layout)}  # what is understood is not near
    near = [
        (likeness, number, at)
        for number, spellings in enumerate(layout.required)
        if not found[number][0]
        for at, cell in enumerate(cells)
        if cell and at not in used and (likeness := max(_alike(spelling, cell) for spelling in spellings)) >= _ALIKE
    ]
    for likeness, number, at in sorted(near, reverse=True):
        if not found[number][0] and at not in used:
            found[number] = (likeness, at)
            used.add(at)
    return found


@cache
def _alike(one: str, other: str) -> float:
    words, others = set(one.split()), set(other.split())
    if not words & others:
        return 0.0
    in_order = SequenceMatcher(None, " ".join(sorted(words)), " ".join(sorted(others)))
    return in_order.ratio() if in_order.quick_ratio() >= _ALIKE else 0.0


def _told(layout: Layout, cells: Sequence[str], row: Sequence[Any]) -> str:
    """What the row has and lacks of the layout, and the layout of one's own that would read it."""
    lacking, mine, known = [], [], []
    for spellings, (likeness, at) in zip(layout.required, _matched(layout, cells), strict=True):
        shown = " ".join(str(row[at]).split()) if at >= 0 else ""
        if likeness < 1:
            lacking.append(f"{spellings[0]!r}" + (f" (near: {shown!r})" if shown else ""))
            mine.append((_target(layout, spellings[0]), shown))
        else:
            known.append(shown)
    unwanted = [cell for cell in cells if cell in layout.without]
    lacks = f"this row lacks {', '.join(lacking)}" if lacking else f"this row has {', '.join(map(repr, unwanted))}, which it must not have"
    return (
        f"no row is the header of a known layout; nearest is {layout.name!r}, of which {lacks}. If the columns are there under other "
        f"names, write these lines into mine.toml, and read with layout='mine.toml':\n{_recipe(layout.stem, known, mine)}"
    )


def _target(layout: Layout, spelling: str) -> str:
    """The standard column that a header becomes."""
    return next((target for target, headers in _all_columns(layout) if spelling in headers), "overall_effectiveness")


@cache
def _spellings(layout: Layout) -> frozenset[str]:
    """All headers that a layout understands."""
    return frozenset(header for _, headers in _all_columns(layout) for header in headers)


def _all_columns(layout: Layout) -> Iterator[tuple[str, Sequence[str]]]:
    yield from layout.columns.items()
    for block in layout.blocks:
        yield from block.columns.items()
    yield from names().headers.items()


def _recipe(like: str | None, known: Sequence[str], mine: Sequence[tuple[str, str]]) -> str:
    """A layout of one's own, in as few lines as there can be."""
    if like is None:
        mine = [("provider", "URN"), ("inspection_start", "Inspection date"), ("overall_effectiveness", "Grade")]
    asked = [*known, *(header for _, header in mine if header)][:4]
    lines = ['name = "mine"\nabout = "a file of mine"' if like is None else f'like = "{like}"']
    lines.append(f"recognise.header = [{', '.join(f'[{_quoted(header)}]' for header in asked)}]")
    needed = ("provider", "provider_name", "inspection_start", "overall_effectiveness")
    lines += [
        f"columns.{target} = [{_quoted(header or 'its name in your file')}]"
        for target, header in dict(mine).items()
        if header or target in needed
    ]
    return "\n".join(f"    {line}" for piece in lines for line in piece.splitlines())


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
