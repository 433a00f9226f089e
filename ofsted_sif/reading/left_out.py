"""What a reading must not leave out in silence: judgements that no column takes, rows that end too early, files that yield no grade."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.reading import values
from ofsted_sif.reading.account import FOOTER
from ofsted_sif.reading.body import Body
from ofsted_sif.reading.layouts import Block, Layout, form, names
from ofsted_sif.reading.report import ReadingError, spans
from ofsted_sif.reading.values import Column, clean, kinds_of_signs
from ofsted_sif.scales import FOUR_POINT, SCALES

# How the note about such columns begins.
NOT_TAKEN = "columns that hold grades and are not taken: "
NO_HEADER = "(no header, column "  # and its position, as the name of a column without one
# How the note about rows begins that end too early.
SHORT = "rows that end before columns that are read, which are missing in them: "
_WORDS = frozenset(form(word) for scale in SCALES for word in [*scale.words, *scale.labels] if not form(word).isdigit())
# Words of outcomes, which stand beside grades or in their place.
_OUTCOMES = frozenset(
    map(
        form,
        [
            "Improved effectiveness", "Sustained effectiveness", "Declined effectiveness", "Declined in effectiveness",
            "Insufficient progress", "Reasonable progress", "Significant progress", "Not met (with actions)", "Not met (enforcement)",
            "School remains Good", "School remains Outstanding", "Standards maintained", "Improved significantly",
            "Some aspects not as strong", "Good progress", "NMS not met",
        ],
    )
)  # fmt: skip
_WORDS_OR_OUTCOMES = _WORDS | _OUTCOMES
_OUTCOME_AND_MORE = tuple(f"{outcome} " for outcome in _OUTCOMES)  # "School remains Good (Concerns) - S5 Next"
# "2 - Good", "Grade 2": the form of a grade beside its number, or of the number alone with a word that says what it is.
_WITH_NUMBERS = {
    f"{beside} {number}": form(label)
    for number, label in enumerate(FOUR_POINT.labels, start=1)
    for beside in ("grade", "judgement", "judgment")
}
_WITH_NUMBERS |= {
    f"{1 + FOUR_POINT.labels.index(label)} {form(word)}": form(word)
    for word, label in [*FOUR_POINT.words.items(), *zip(FOUR_POINT.labels, FOUR_POINT.labels, strict=True)]
}
# Rows by which it is told that a column is none of grades, and the most words that one of grades has, in all their spellings.
_GLANCE, _MOST_WORDS = 60, 40
_NUMBERS = frozenset("1234")
# What stands beside numbers that are grades: no judgement, not applicable.
_NO_GRADE = frozenset("890")
_NUMBERS_OR_NONE = _NUMBERS | _NO_GRADE
# What may stand beside a grade: "Good (provisional)", "Draft: Good".
_IN_BRACKETS = re.compile(r"\([^()]*+\)|\[[^\[\]]*+\]")
_NUMERAL = re.compile(r"\d")
_BESIDE = frozenset(
    {"provisional", "provisionally", "draft", "unconfirmed", "confirmed", "final", "revised", "new", "previously", "to", "be"}
)
# Words by which the name of a column says that it is a judgement, so that one number in all its rows is a grade.
_JUDGED = (
    "overall", "grade", "judgement", "judgment", "effectiveness", "rating", "quality of", "how well", "leaders", "leadership", "behaviour",
    "experiences", "outcomes", "achievement", "personal development",
)  # fmt: skip
# Words by which it says that it is an outcome, whose words may be new.
_OUTCOME = frozenset({"outcome", "outcomes"})
# A column of numbers is a judgement only where its name does not say that it counts, ranks or numbers something else.
_COUNTS = (
    "number",
    "quintile",
    "decile",
    "band",
    "places",
    "age",
    "weaknesses",
    "areas",
    "rank",
    "tier",
    "id",
    "urn",
    "code",
    "stage",
    "key",
    "count",
)


def judged_columns(body: Body) -> list[tuple[int, str, str, int]]:
    """The columns that are not taken and whose values look like grades or outcomes: position, header, values, how many.

    Each table of a sheet is looked at by its own header; the same column of several is said once.
    """
    values_of: dict[tuple[int, str], dict[str, None]] = {}
    n_of: Counter[tuple[int, str]] = Counter()
    for number in range(len(body.sections)):
        for position, header, shown, n in _judged_of_section(body, number):
            values_of.setdefault((position, header), {}).update(dict.fromkeys(shown))
            n_of[position, header] += n
    return [(position, header, ", ".join(shown), n_of[position, header]) for (position, header), shown in values_of.items()]


def _judged_of_section(body: Body, number: int) -> Iterator[tuple[int, str, list[str], int]]:
    start, end, headers = body.sections[number]
    taken = {headers[position] for position in body.taken_of[number]}  # a column twice is the same, or refused before
    begin = list(zip_longest(*body.rows[start : min(end, start + _GLANCE)], fillvalue=""))
    formed = cache(form)  # many columns hold the same words
    for position in range(body.width):
        cell = headers[position] if position < len(headers) else ""
        if cell and cell.removesuffix(" raw") in taken:  # RAW: its neighbour as the database has it
            continue
        first = set(begin[position]) if position < len(begin) else set()
        named = not _OUTCOME.isdisjoint(cell.split())
        if len(first) > _MOST_WORDS or not (named or _may_be_judged(first, body.layout, formed)):
            continue
        column = body.column_at(position, number)
        codes = _looking_judged(column, cell, body.layout) if len(column.distinct) <= _MOST_WORDS else []
        if named and not codes and len(column.distinct) <= _MOST_WORDS:
            codes = _in_words(column, body.layout)
        n = int((np.isin(column.codes, codes) & body.read[start:end]).sum()) if codes else 0
        if not n or (not cell and n == len(codes) and all(column.texts[code].isdigit() for code in codes)):  # numbers of rows
            continue
        header = column.header or f"{NO_HEADER}{position + 1})"
        yield position + 1, header, [column.texts[code] for code in codes], n


def as_table(found: Sequence[tuple[int, str, str, int]]) -> pd.DataFrame:
    """These columns as the report has them."""
    return pd.DataFrame(found, columns=["position", "header", "values", "n"]).astype({"position": "int64", "n": "int64"})


def _may_be_judged(cells: Iterable[Any], layout: Layout, formed: Callable[[str], str]) -> bool:
    """Whether fewer values of the first rows are unknown than are words of grades; saves a look at whole columns of names."""
    said = {_word(text, formed) for cell in cells if not values.is_missing(text := clean(cell), layout.missing)}
    judged = len(said & _WORDS_OR_OUTCOMES)
    unknown = said - _WORDS_OR_OUTCOMES - layout.no_grade - {""}
    return sum(values.integral(word) not in _NUMBERS_OR_NONE for word in unknown) < max(1, judged)


def _word(text: str, formed: Callable[[str], str] = form) -> str:
    """The form of a value; of a grade with something beside it that of the grade."""
    word = formed(text)
    word = _WITH_NUMBERS.get(word, word)
    if word.startswith(_OUTCOME_AND_MORE):
        return next(outcome for outcome in _OUTCOMES if word.startswith(f"{outcome} "))
    if word in _WORDS_OR_OUTCOMES or ("(" not in text and "[" not in text and _BESIDE.isdisjoint(word.split())):
        return word
    alone = " ".join(one for one in formed(_IN_BRACKETS.sub(" ", text)).split() if one not in _BESIDE)
    return alone if alone in _WORDS else word


def _looking_judged(column: Column, header: str, layout: Layout) -> list[int]:
    """The codes of the values that look like grades, where most other values say nothing or that there is none."""
    said = {code: _word(text) for code, text in enumerate(column.texts) if not values.is_missing(text, layout.missing) and text != "-"}
    for words, beside in ((_WORDS, layout.no_grade | _OUTCOMES), (_OUTCOMES, layout.no_grade)):
        graded = [code for code, text in said.items() if text in words]
        others = {text for text in said.values() if text not in words and text not in beside}
        if graded and len(others) < len({text for text in said.values() if text in words}):
            return graded
    numbers = {code: values.integral(text) for code, text in said.items() if text not in layout.no_grade}
    graded = [code for code, text in numbers.items() if text in _NUMBERS]
    counting = any(word in header.split() for word in _COUNTS)
    named = any(f" {word} " in f" {header} " for word in _JUDGED)
    if len({numbers[code] for code in graded}) > (not named) and not counting and all(n in _NUMBERS_OR_NONE for n in numbers.values()):
        return graded
    return []


def _in_words(column: Column, layout: Layout) -> list[int]:
    """The codes of the values that say something, where all do so in words alone: no dates, and no numbers."""
    said = {code: text for code, text in enumerate(column.texts) if not values.is_missing(text, layout.missing) and text != "-"}
    return [*said] if not any(sign.isdigit() for text in said.values() for sign in text) else []


def check_widths(body: Body) -> None:
    """Raise an error where the file is cut within its last row; note rows that lack columns that others have.

    Some writers leave off what is blank at the end of rows: theirs are many, and no row of theirs ends in a blank cell.
    """
    widths, last = body.widths, len(body) - 1
    for number, (start, end, headers) in enumerate(body.sections):
        listed = start + np.flatnonzero(body.listed[start:end])
        if _ends_early(body, listed, end - 1, len(headers)):
            raise ReadingError(
                f"the file ends within this row: it has {widths[last]} of {len(headers)} cells, and no line end. Download the file "
                "again; or, where nothing lacks, end its last line",
                row=last + body.first_row,
            )
        lacks = widths[listed] <= max(body.taken_of[number], default=-1)
        short = [at for at in listed[lacks].tolist() if form(body.rows[at][-1]) not in body.layout.not_inspected]
        whole = listed[~lacks].tolist()
        short += _providers_alone(body, start + np.flatnonzero(body.status[start:end] == FOOTER), whole)
        if not short or len(short) >= len(whole):
            continue
        if len(short) <= max(1, len(whole) // 10) or any(not clean(body.rows[at][-1]) for at in whole):
            body.log.notes.append(f"{SHORT}{spans(np.array(short) + body.first_row)}")


def _providers_alone(body: Body, footers: np.ndarray, whole: Sequence[int]) -> list[int]:
    """The rows of one filled cell in which this is written as the numbers that other rows begin with."""
    begins = {at: clean(body.rows[at][0]) for at in footers.tolist()}
    if not any(map(str.isalnum, begins.values())):  # as nearly always
        return []
    written = {_NUMERAL.sub("0", clean(body.rows[at][0])) for at in whole}
    return [at for at, text in begins.items() if _NUMERAL.search(text) and _NUMERAL.sub("0", text) in written]


def _ends_early(body: Body, listed: np.ndarray, last: int, width: int) -> bool:
    """Whether a file is cut within its last row: other rows are whole, and it is no footer, which begins unlike them."""
    before = listed[listed < last]
    if not (body.sheet.is_open and last == len(body) - 1 and len(before) and body.widths[last] < width):
        return False
    row = body.rows[last]
    if len(row) >= 3 and listed[-1] == last:
        return bool((body.widths[before] >= width).all())
    if before[-1] != last - 1 or (body.widths[before] < 3).any() or form(row[-1]) in body.layout.not_inspected:
        return False
    begin = kinds_of_signs(row[0])
    shapes = [kinds_of_signs(body.rows[at][0]) for at in before.tolist()]
    return any(shape[: len(begin)] == begin for shape in shapes) if len(row) == 1 else begin in shapes


def require_dates_and_judgements(name: str, blocks: Sequence[tuple[Block, Mapping[str, Column | None]]], header_row: int) -> None:
    """Raise an error where no column has the day of an inspection, or none what was judged: nothing could be said of its inspections."""
    for what, wanted in (
        ("day", ("inspection_start", "published")),
        ("judgement", (*names().judgements, *names().outcomes)),
    ):
        if any(columns.get(target) is not None for _, columns in blocks for target in wanted):
            continue
        looked = [header for block, _ in blocks for target in wanted for header in block.columns.get(target, ())]
        raise ReadingError(
            f"no column has the {what} of the inspections; {name!r} looks for {', '.join(map(repr, looked[:4]))}. A layout "
            "of your own can name another (layout='mine.toml')",
            row=header_row,
        )


def check_graded(pieces: Mapping[str, Any], layout: Layout, header_row: int) -> None:
    """Raise an error where all inspections are of a kind that is graded, and not one has a grade."""
    graded = pieces["graded"]
    full = [event.inspection_type for event in layout.events.values() if event.graded and not event.needs_overall]
    if len(graded) < 2 or graded.any() or "inspection_type" not in pieces:
        return
    kinds = pieces["inspection_type"]
    is_full = np.isin(np.asarray(kinds.astype(object)), [kind for kind in full if kind])
    outcome = pieces["outcome"].codes >= 0 if "outcome" in pieces else np.zeros(len(graded), dtype=np.bool_)
    if is_full.any() and not (is_full & outcome).any():
        raise ReadingError(
            f"none of {int(is_full.sum()):,} inspections of a kind that is graded ({kinds[int(np.argmax(is_full))]}) has a grade: the "
            f"columns of the grades have other names here than {layout.name!r} knows, or are blank. A layout of your own can name them "
            "(layout='mine.toml')",
            row=header_row,
        )
