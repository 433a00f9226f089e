"""Answers as text for a terminal, CSV, JSON, Markdown or a workbook."""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

import ofsted_sif as sif
from ofsted_sif.cli.asked import human
from ofsted_sif.cli.wording import for_the_command_line
from ofsted_sif.table import columns, dates
from ofsted_sif.whole_file import whole_file

WIDEST = 120  # columns of a terminal beyond which lines are hard to follow
NARROWEST = 20
_ENDINGS = (".csv", ".json", ".md", ".xlsx")
LEAST_LABEL = 12  # room for labels with which a table is still one


@dataclass(frozen=True)
class Answer:
    """What a command answers.

    Attributes
    ----------
    head : sequence of str
        Who, where, as at which date, by which cut-off; a paragraph each.
    tables : mapping of str to DataFrame
        The results, by what stands over each.
    notes : sequence of str
        What is to be said after them; a paragraph each.
    year_ago : mapping of str to sequence of str
        A further column of some tables: the share a year ago.
    """

    head: Sequence[str]
    tables: Mapping[str, pd.DataFrame]
    notes: Sequence[str] = ()
    year_ago: Mapping[str, Sequence[str]] = field(default_factory=dict)


def check_output(options: argparse.Namespace) -> None:
    """Refuse a file to write whose folder is missing, or that is there already, before anything is done."""
    if (output := getattr(options, "output", None)) is None:
        return
    if not (folder := Path(output).parent).is_dir():
        raise ValueError(f"there is no folder {folder} to write {output} into: make it first, or give another with -o")
    if Path(output).exists() and not options.overwrite:
        raise ValueError(f"{output} is there already: --overwrite replaces it, or give another with -o")
    if options.is_answer:
        _check_ending(output, options.format)


def _check_ending(output: str, how: str | None) -> None:
    """Refuse a name that says another format than the one that would be written: programs open a file by its name."""
    ending = Path(output).suffix.lower()
    if how is None and ending not in ("", ".txt", *_ENDINGS):
        raise ValueError(
            f"-o {output}: {ending} is none of the formats that can be written ({', '.join(_ENDINGS)}, .txt); or give --format"
        )
    if how is not None and ending != f".{how}" and (ending in _ENDINGS or how == "xlsx"):
        raise ValueError(f"-o {output}: --format {how} does not fit a name that ends in {ending or 'nothing'}")


def format_of(options: argparse.Namespace) -> str:
    """The format asked for; else the one that the name of the file to write says."""
    given = getattr(options, "format", None)
    if given is not None:
        return str(given)
    ending = Path(getattr(options, "output", None) or "").suffix.lower().lstrip(".")
    return ending if f".{ending}" in _ENDINGS else "table"


def deliver(answer: Answer | str, options: argparse.Namespace) -> str:
    """The answer as text to print; or, where a file is to be written, a word that it was."""
    if isinstance(answer, str):
        return answer
    how, output = format_of(options), options.output
    if how == "xlsx":
        if output is None:
            raise ValueError("a workbook can't be shown here: give the file to write, as -o answer.xlsx")
        notes = [*answer.head, *answer.notes]
        sif.to_excel(answer.tables, output, notes=notes)
        return f"wrote {output}"
    text = _as_text(answer, how, 80 if output is not None else shutil.get_terminal_size().columns)
    if output is None:
        return text
    with whole_file(Path(output)) as part:
        part.write_text(text + "\n", encoding="utf-8", newline="\n")
    return f"wrote {output}"


def in_lines(text: str) -> str:
    """Lines of a text within the width of the terminal, in the words of the command line; what goes on is set in a little further."""
    width = max(NARROWEST, min(shutil.get_terminal_size().columns, WIDEST))
    lines = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        told = for_the_command_line(line)
        lines += textwrap.wrap(told, width, initial_indent=indent, subsequent_indent=f"{indent}  ") or [""]
    return "\n".join(lines)


def _as_text(answer: Answer, how: str, width: int) -> str:
    """The answer as text; of the formats for machines the first table alone."""
    first = next(iter(answer.tables.values()))
    if how == "csv":
        return _without_formulas(first).to_csv(index=False).rstrip("\n")
    if how == "json":
        return str(first.to_json(orient="records", date_format="iso", date_unit="s", indent=1))
    width = max(NARROWEST, min(width, WIDEST))
    filled = (lambda text: [text]) if how == "md" else (lambda text: textwrap.wrap(text, min(width, 80) - 1))
    lines = [line for paragraph in answer.head for line in filled(paragraph)]
    for place, (name, table) in enumerate(answer.tables.items()):
        heading = [] if not place else ["", *([f"## {name}"] if how == "md" else filled(name))]
        body = _markdown(table, answer.year_ago.get(name)) if how == "md" else _lines(table, width, answer.year_ago.get(name))
        lines += [*heading, *([""] if lines else []), *body]
    for note in answer.notes:
        lines += ["", *filled(note)]
    return "\n".join(lines)


# ---- for a spreadsheet


def _without_formulas(result: pd.DataFrame) -> pd.DataFrame:
    """Texts that a spreadsheet would run as a formula with an apostrophe before them, as the report's copied tables have it."""
    texts = [
        name
        for name in result.columns
        if isinstance(result[name].dtype, pd.CategoricalDtype | pd.StringDtype) or result[name].dtype == object
    ]
    return result.assign(**{name: result[name].astype(object).map(_no_formula, na_action="ignore") for name in texts})


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and re.match(r"[=+@\t\r-]", value) else value


# ---- for people


@dataclass(frozen=True)
class _Cells:
    """A table as text."""

    headings: list[str]
    rows: list[list[str]]


def _cells(table: pd.DataFrame, year_ago: Sequence[str] | None) -> _Cells:
    """What people read of a table: of counts the label, each grade, none, and the share good enough with its interval."""
    if not _is_counted(table):
        rows = [[_plain(value) for value in row] for row in table.astype(object).itertuples(index=False, name=None)]
        return _Cells([human(str(name)) for name in table.columns], rows)
    names = list(table.columns[: table.columns.get_loc("n")])
    grades = [str(name) for name in table.columns if f"share_{name}" in table.columns]
    threshold = grades.pop() if "lower" in table.columns else None
    headings = ["", *map(human, grades), "None"]
    if threshold is not None:
        better = "Good or better" if threshold == "good_or_outstanding" else human(threshold)
        headings += [f"{better}, 95%", *([] if year_ago is None else ["Year ago"])]
    rows = []
    for place, row in enumerate(table.to_dict(orient="records")):
        cells = [
            _label(row, names),
            *(f"{row[name]:,.6g}" if row[name] % 1 else f"{int(row[name]):,}" for name in [*grades, "n_not_judged"]),
        ]
        if threshold is not None:
            cells += [_share(row, threshold), *([] if year_ago is None else [year_ago[place]])]
        rows.append(cells)
    return _Cells(headings, rows)


def _is_counted(table: pd.DataFrame) -> bool:
    return "n_not_judged" in table.columns


def _plain(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return f"{value:.3g}" if isinstance(value, float) and value % 1 else str(value)


def _label(row: Mapping[Any, Any], names: list[str]) -> str:
    """What a row of a result is: its labels, dates as 2024-03-31."""
    told = []
    for name in names:
        value = row[name]
        told.append("(missing)" if pd.isna(value) else human(str(value)) if name == "judgement" else _plain(value))
    return ", ".join(told)


def percent(row: Mapping[Any, Any], threshold: str) -> str:
    """The share good enough as a whole per cent."""
    if not row["n_judged"]:
        return "-"
    return f"{int(sif.percent(row[threshold], row['n_judged']))}%" if not row[threshold] % 1 else f"{100 * row[f'share_{threshold}']:.0f}%"


def _share(row: Mapping[Any, Any], threshold: str) -> str:
    if not row["n_judged"] or pd.isna(row["lower"]):
        return percent(row, threshold)
    return f"{percent(row, threshold)} ({100 * row['lower']:.0f}-{100 * row['upper']:.0f})"


def _lines(table: pd.DataFrame, width: int, year_ago: Sequence[str] | None) -> list[str]:
    """A table within the width: in columns where they fit, else a paragraph for each row."""
    if "because" in table.columns:
        return _story(table, width)
    if table.empty:
        return ["There is nothing to show."]
    cells = _cells(table, year_ago)
    return (_counted_lines(cells, width) if _is_counted(table) else _text_lines(cells, width)) or _paragraphs(cells, width)


def _counted_lines(cells: _Cells, width: int) -> list[str] | None:
    """Labels and numbers in columns, the headings in whole words; None where they don't fit.

    The label and the first number share one field, so that a long label may stand where the number leaves room.
    """
    values = [max(len(text) for text in column) for column in zip(*cells.rows, strict=True)]
    stacks = [
        textwrap.wrap(heading, max([1, size, *map(len, heading.split())])) or [""]
        for heading, size in zip(cells.headings, values, strict=True)
    ]
    wide = [max(size, *map(len, stack)) + 1 for size, stack in zip(values[2:], stacks[2:], strict=True)]
    # The share is read from its left end; everything else from its right.
    left = {place for place, heading in enumerate(cells.headings) if heading.endswith("95%")}
    first = max(values[1], *map(len, stacks[1])) + 1
    room = width - sum(wide)
    fitting = [needed for row in cells.rows if (needed := len(row[0]) + 2 + len(row[1])) <= room]
    edge = max([first + LEAST_LABEL, *fitting])
    if edge > room:
        return None

    def aligned(texts: Sequence[str]) -> str:
        parts = [
            f" {text:{size - 1}}" if place in left else f"{text:>{size}}"
            for place, (text, size) in enumerate(zip(texts, wide, strict=True), 2)
        ]
        return "".join(parts).rstrip()

    height = max(map(len, stacks))
    padded = [[""] * (height - len(stack)) + stack for stack in stacks]
    lines = [f"{padded[1][line]:>{edge}}{aligned([stack[line] for stack in padded[2:]])}".rstrip() for line in range(height)]
    for label, number, *others in cells.rows:
        if len(label) + 2 + len(number) > edge:
            lines += textwrap.wrap(label, width)
            label = ""
        lines.append(f"{label}{number:>{edge - len(label)}}{aligned(others)}")
    return lines


def _text_lines(cells: _Cells, width: int) -> list[str] | None:
    """Any table in columns; None where they don't fit."""
    sizes = [max(map(len, column)) for column in zip(cells.headings, *cells.rows, strict=True)]
    if sum(sizes) + 2 * (len(sizes) - 1) > width:
        return None
    return ["  ".join(f"{text:{size}}" for text, size in zip(row, sizes, strict=True)).rstrip() for row in [cells.headings, *cells.rows]]


def _paragraphs(cells: _Cells, width: int) -> list[str]:
    """A paragraph for each row: its label, then what stands under each heading."""
    lines = []
    for row in cells.rows:
        label = row[0] or "All"
        rest = [f"{heading} {text}" for heading, text in zip(cells.headings[1:], row[1:], strict=True) if text]
        lines += [*textwrap.wrap(label, width - 1), *textwrap.wrap("; ".join(rest), width - 1, initial_indent="  ", subsequent_indent="  ")]
    return lines


_MARKS, _ESCAPED = re.compile(r"([\\|*_`<\[])"), r"\\\1"


def _markdown(table: pd.DataFrame, year_ago: Sequence[str] | None) -> list[str]:
    """A table in Markdown, numbers to the right."""
    cells = _cells(table, year_ago)

    def line(texts: Sequence[str]) -> str:
        return f"| {' | '.join(' '.join(_MARKS.sub(_ESCAPED, text).split()) for text in texts)} |"

    rule = ["---:" if _is_counted(table) and place else "---" for place in range(len(cells.headings))]
    return [line(cells.headings), line(rule), *map(line, cells.rows)]


def _story(story: pd.DataFrame, width: int) -> list[str]:
    """The explanation of one provider, a paragraph for each inspection; an arrow stands at the one that counts."""
    if story.empty:
        return ["No inspection: not yet inspected."]
    lines: list[str] = []
    judgements = columns.judgement_columns(story)
    for row in story.to_dict(orient="records"):
        date = next((row[name] for name in ("inspection_start", "published") if not pd.isna(row.get(name))), None)
        when = "no date" if date is None else dates.in_words(dates.day(date, "date"))
        kind = " ".join(str(row[name]) for name in ("framework", "inspection_type") if not pd.isna(row.get(name)))
        graded = "; ".join(f"{human(name)}: {row[name]}" for name in judgements if not pd.isna(row[name]))
        head = f"{when}{', ' + kind if kind else ''}: {row['because']}"
        lines += [""] if lines else []
        lines += textwrap.wrap(head, min(width, 80) - 1, initial_indent="-> " if row["counts"] else "   ", subsequent_indent="   ")
        lines += textwrap.wrap(graded, min(width, 80) - 1, initial_indent="     ", subsequent_indent="     ")
    return lines
