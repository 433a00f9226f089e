"""Layouts as data: the TOML files beside this module, and which of them a header fits.

README.md of this folder says what stands in such a file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ofsted_sif.reading.files import Sheet
from ofsted_sif.reading.layout_check import check_names, check_whole
from ofsted_sif.reading.report import ReadingError
from ofsted_sif.scales import SCALES, GradeScale

_FOLDER = Path(__file__).parent
# Rows among which a header is looked for; the longest preamble known has 4.
HEADER_WITHIN = 60
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def form(text: object) -> str:
    """The form in which headers and words are compared: lower-case letters and digits, anything else one space."""
    folded = str(text).casefold()
    return folded if folded.isalnum() else _NOT_ALPHANUMERIC.sub(" ", folded).strip()


def forms(words: Sequence[str]) -> tuple[str, ...]:
    """The forms of several spellings."""
    return tuple(dict.fromkeys(form(word) for word in words))


@dataclass(frozen=True)
class Event:
    """What a kind of inspection says: its name, framework, whether it is graded, and what its values mean instead of grades."""

    inspection_type: str | None
    framework: str | None
    graded: bool
    means: Mapping[str, str]
    needs_overall: bool = False  # graded only where there is an overall grade


@dataclass(frozen=True)
class Block:
    """One inspection that a row may hold: constants, and a column for each of its values."""

    name: str
    columns: Mapping[str, tuple[str, ...]]
    framework: str | None
    inspection_type: str | None
    graded: bool
    previous: bool = False  # whether it was listed before, beside a newer one


@dataclass(frozen=True, eq=False)
class Layout:
    """A layout, as its file says it; `stem` is the file's name."""

    stem: str
    name: str
    about: str
    required: tuple[tuple[str, ...], ...]
    without: tuple[str, ...]
    says: str | None
    providers: str | None
    columns: Mapping[str, tuple[str, ...]]
    blocks: tuple[Block, ...]
    events: Mapping[str, Event]
    missing: frozenset[str]
    no_grade: frozenset[str]
    not_inspected: frozenset[str]
    outcomes: Mapping[str, str]
    scales: Mapping[str, GradeScale]
    framework_by_date: tuple[Mapping[str, Any], ...]
    grade_words: Mapping[str, Mapping[str, str]]
    unknown_dates: frozenset[str] = field(default_factory=frozenset)
    kind: str | None = None  # latest, in year, history; None: the file itself tells
    year: str | None = None  # financial, academic: how its years are counted
    short_years: bool = False  # whether 22/06/26 is 22 June 2026
    whole: bool = False  # whether a history has all inspections that there ever were


@dataclass(frozen=True)
class Names:
    """What all layouts share: kinds of columns, judgements and their scales, words."""

    kinds: Mapping[str, str]
    headers: Mapping[str, tuple[str, ...]]
    of_inspections: frozenset[str]
    outcomes: tuple[str, ...]
    scales: Mapping[str, GradeScale]
    judgements: Mapping[str, GradeScale]
    missing: frozenset[str]
    no_grade: frozenset[str]
    not_inspected: frozenset[str]
    spellings: Mapping[str, Mapping[str, str]]


def _toml(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


@cache
def names() -> Names:
    """The file of names, read once."""
    said = _toml(_FOLDER / "names.toml")
    scales = {scale.name: scale for scale in SCALES}
    words = said["words"]
    return Names(
        kinds={name: column["kind"] for name, column in said["columns"].items()},
        headers={name: forms(column.get("headers", [])) for name, column in said["columns"].items()},
        of_inspections=frozenset(name for name, column in said["columns"].items() if column.get("of") == "inspection"),
        outcomes=tuple(name for name, column in said["columns"].items() if column.get("outcome")),
        scales=scales,
        judgements={name: scales[scale] for name, scale in said["judgements"].items()},
        missing=_folded(words["missing"]),
        no_grade=frozenset(forms(words["no_grade"])),
        not_inspected=frozenset(forms(words["not_inspected"])),
        spellings={column: _spellings(words[column]) for column in words if isinstance(words[column], dict)},
    )


def _folded(words: Sequence[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)


def _spellings(said: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The form of each spelling, and the one in which it is shown."""
    return {form(word): shown for shown, others in said.items() for word in [shown, *others]}


@cache
def aliases() -> dict[str, str]:
    """Other names of local authorities, by their form."""
    return {form(alias): name for alias, name in _toml(_FOLDER / "aliases.toml").items()}


@cache
def known_layouts() -> tuple[Layout, ...]:
    """All layouts of the package."""
    return tuple(load(path) for path in sorted((_FOLDER / "layouts").glob("*.toml")))


def load(path: Path) -> Layout:
    """One layout from its file."""
    try:
        said = _toml(path)
        if is_own := path.parent != _FOLDER / "layouts":
            check_names(said)
        if "like" in said:
            shipped = {known.stem: known for known in (_FOLDER / "layouts").glob("*.toml")}
            if said["like"] not in shipped:  # and no path: a layout from elsewhere opens no other file
                raise ValueError(f"like = {said['like']!r} is none of {', '.join(sorted(shipped))}")
            said = _like(_toml(shipped[said["like"]]), said)
        if is_own:
            check_whole(said, names().judgements, names().scales)
        return _layout(said, path.stem)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError, OSError) as error:
        raise ReadingError(f"this is not a layout ({type(error).__name__}: {error})", file=path.name) from error


def _like(base: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """A layout that is like another: what it says itself holds, and for all else what the other says."""
    joined = {
        **base,
        **said,
        "columns": {**base.get("columns", {}), **said.get("columns", {})},
        "words": {**base.get("words", {}), **said.get("words", {})},
    }
    of_inspections = names().of_inspections | set(names().judgements)
    blocks = base.get("inspection", [])
    if "inspection" not in said and blocks and of_inspections.isdisjoint(base.get("columns", {})):
        # The other has a block for each inspection: what is said of an inspection is meant for the first.
        own = {name: joined["columns"].pop(name) for name in said.get("columns", {}) if name in of_inspections}
        joined["inspection"] = [{**blocks[0], "columns": {**blocks[0]["columns"], **own}}, *blocks[1:]]
    return joined


def _layout(said: Mapping[str, Any], stem: str) -> Layout:
    shared = names()
    own = {name: forms(headers) for name, headers in said.get("columns", {}).items()}
    of_inspections = shared.of_inspections | set(shared.judgements)
    blocks = _blocks(said, {name: headers for name, headers in own.items() if name in of_inspections})
    columns = {name: headers for name, headers in own.items() if name not in of_inspections}
    for name, headers in shared.headers.items():
        if headers and name not in of_inspections:
            columns[name] = tuple(dict.fromkeys([*columns.get(name, ()), *headers]))
    known = set(shared.kinds) | set(shared.judgements)
    for name in [*own, *(name for block in blocks for name in block.columns)]:
        if name not in known:
            raise ValueError(f"{name!r} is no standard column; those of names.toml are {', '.join(sorted(known))}")
    words = said.get("words", {})
    recognise = said["recognise"]
    return Layout(
        stem=stem,
        name=said["name"],
        about=said["about"],
        required=tuple(forms(spellings) for spellings in recognise["header"]),
        without=forms(recognise.get("without", [])),
        says=form(recognise["says"]) if "says" in recognise else None,
        providers=said.get("providers"),
        columns=columns,
        blocks=blocks,
        events=_events(said.get("event", [])),
        missing=shared.missing | _folded(words.get("missing", [])),
        no_grade=shared.no_grade | set(forms(words.get("no_grade", []))),
        not_inspected=shared.not_inspected | set(forms(words.get("not_inspected", []))),
        outcomes=_spellings(said.get("outcomes", {})),
        scales={**shared.judgements, **{name: shared.scales[scale] for name, scale in said.get("scales", {}).items()}},
        framework_by_date=tuple(said.get("framework_by_date", [])),
        grade_words={name: _spellings(spelled) for name, spelled in said.get("grades", {}).items()},
        unknown_dates=frozenset(str(date) for date in said.get("unknown_dates", [])),
        kind=said.get("kind"),
        year=said.get("year") or None,
        short_years=said.get("short_years", False),
        whole=said.get("whole", False),
    )


def _blocks(said: Mapping[str, Any], own: Mapping[str, tuple[str, ...]]) -> tuple[Block, ...]:
    """The inspections that a row may hold: the one of the layout's own columns, then those that have a block each."""
    blocks = [
        Block(
            block.get("name", ""),
            {name: forms(headers) for name, headers in block["columns"].items()},
            block.get("framework"),
            block.get("inspection_type"),
            block.get("graded", True),
            block.get("previous", False),
        )
        for block in said.get("inspection", [])
    ]
    first = [Block("", own, said.get("framework"), None, said.get("graded", True))] if own or not blocks else []
    return (*first, *blocks)


def _events(said: Sequence[Mapping[str, Any]]) -> dict[str, Event]:
    """What each word for a kind of inspection says."""
    return {
        form(word): Event(
            event.get("inspection_type"),
            event.get("framework"),
            bool(event.get("graded", True)),
            {form(value): meaning for value, meaning in event.get("means", {}).items()},
            event.get("graded") == "where overall",
        )
        for event in said
        for word in event["words"]
    }


@dataclass(frozen=True)
class Header:
    """A header that a layout fits: which row (from 0) it is, and the forms of its cells."""

    layout: Layout
    row: int
    cells: tuple[str, ...]


def find_header(sheet: Sheet, among: Sequence[Layout]) -> Header | None:
    """The first row that is the header of a layout; of several layouts that fit, the one that asks most."""
    above: list[str] = []
    for number, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        cells = header_cells(row)
        if sum(map(bool, cells)) >= 3:
            fitting = [layout for layout in among if fits(layout, cells, above)]
            if fitting:
                # "says" is a demand more: a layout that makes it was made for just that file.
                return Header(max(fitting, key=lambda layout: len(layout.required) + (layout.says is not None)), number, cells)
        above += filter(None, cells)
    return None


def header_cells(row: Sequence[Any]) -> tuple[str, ...]:
    """The forms of a row's cells; what is no text has none."""
    return tuple(form(cell) if isinstance(cell, str) else "" for cell in row)


def fits(layout: Layout, cells: Sequence[str], above: Sequence[str]) -> bool:
    """Whether a row is the header of a layout."""
    present = set(cells)
    return (
        all(not present.isdisjoint(spellings) for spellings in layout.required)
        and present.isdisjoint(layout.without)
        and (layout.says is None or any(layout.says in text for text in [*above, *cells]))
    )
