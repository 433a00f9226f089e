"""One inspection in several rows of a file, or twice in a row: it is named with its grades, as some count too many, or one was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ofsted_sif.counts import text_codes
from ofsted_sif.reading.blocks import GRADE_CHANGED, Inspections
from ofsted_sif.reading.body import Body, alike_in_all
from ofsted_sif.reading.layouts import names
from ofsted_sif.reading.report import spans
from ofsted_sif.reading.values import Column
from ofsted_sif.table.dates import in_words

# How the notes about such inspections begin: in rows that are all read, and where one is taken and another is not.
TWICE = "inspections that stand in several rows, each of which counts: "
ONCE = "inspections that stand twice with other grades, of which the first is taken: "
_MOST_TOLD = 5


class Repeated(NamedTuple):
    """One inspection that stands several times: its rows, provider, number or day, and the grades in which these differ."""

    rows: list[int]
    provider: str
    inspection: str
    differ: str


def in_several_rows(pieces: Mapping[str, Any], rows: np.ndarray) -> list[Repeated]:
    """Find the inspections of a table that stand in several rows of its file; `rows` says from which each row of the table is."""
    groups = _together(pieces)
    if not groups:  # as nearly always
        return []
    positions, starts = np.concatenate(groups), np.cumsum([0, *map(len, groups[:-1])])
    judged = {name: np.asarray(pieces[name].codes) for name in names().judgements if name in pieces}
    shared, judges = np.zeros((2, len(groups)), dtype=np.bool_)
    for codes in judged.values():
        n = np.add.reduceat(codes[positions] >= 0, starts, dtype=np.int64)
        shared |= n > 1
        judges |= n > 0
    found = []
    for here in (group for group, alike in zip(groups, shared | ~judges, strict=True) if alike):  # what judges nothing alike is two
        of_rows = sorted(set(rows[here].tolist()))
        if len(of_rows) > 1:  # the columns of one row are for several inspections
            unlike = {name: list(pieces[name].categories[codes[here][codes[here] >= 0]]) for name, codes in judged.items()}
            found.append(Repeated(of_rows, str(pieces["provider"][here[0]]), _called(pieces, here), _listed(unlike)))
    return sorted(found)


def _together(pieces: Mapping[str, Any]) -> list[np.ndarray]:
    """Rows of a table that may be one inspection: of one number; or where a number is missing of one day, framework and kind."""
    provider = np.asarray(pieces["provider"].codes).astype(np.int64)
    number = _numbers(pieces, len(provider))
    groups = _groups([provider, number], number >= 0)
    if (number >= 0).all():
        return groups
    day = pieces.get("inspection_start", pieces.get("published"))
    if "inspection_start" in pieces and "published" in pieces:
        day = np.where(np.isnat(day), pieces["published"], day)
    if day is None:
        return groups
    none = np.zeros(len(day), dtype=np.int64)
    framework, kind = (np.asarray(pieces[name].codes) if name in pieces else none for name in ("framework", "inspection_type"))
    among = ~np.isnat(day)
    if "inspection_type" in pieces and GRADE_CHANGED in pieces["inspection_type"].categories:
        among &= pieces["inspection_type"] != GRADE_CHANGED
    graded = pieces["graded"]
    of_day = _groups([provider, pd.factorize(day)[0], framework, np.where(graded, -1, kind), graded], among)
    return groups + [group for group in of_day if (number[group] < 0).any()]


def _numbers(pieces: Mapping[str, Any], size: int) -> np.ndarray:
    """The number of each inspection as a code, the same with and without ITS before it; -1 for none."""
    if "inspection_number" not in pieces:
        return np.full(size, -1)
    number = pieces["inspection_number"]
    labels = number.categories.to_list()
    codes = np.arange(len(labels) + 1)
    codes[-1] = -1
    if "ITS" in " ".join(labels):
        place = dict(zip(labels, range(len(labels)), strict=True))
        for code, label in enumerate(labels):
            if label[:3] == "ITS":
                codes[code] = place.get(label[3:].lstrip(), code)
    return codes[number.codes]


def _groups(keys: Sequence[np.ndarray], among: np.ndarray) -> list[np.ndarray]:
    """The rows that agree in all keys with another, each such group for itself."""
    rows, same = alike_in_all(keys, np.flatnonzero(among))
    if not len(rows):
        return []
    order = np.argsort(same, kind="stable")
    return np.split(rows[order], np.flatnonzero(np.diff(same[order])) + 1)


def _called(pieces: Mapping[str, Any], here: np.ndarray) -> str:
    """What an inspection is called: by its number, else by its day."""
    if "inspection_number" in pieces and not pieces["inspection_number"][here].isna().any():
        return f"inspection {pieces['inspection_number'][here[0]]}"
    days = [pieces[name][here[0]] for name in ("inspection_start", "published") if name in pieces]
    return f"inspection of {in_words(int(next(day for day in days if not np.isnat(day)).astype('datetime64[D]').astype(np.int64)))}"


def _listed(grades: Mapping[str, Sequence[str]]) -> str:
    """The judgements in which grades differ, each with its grades."""
    return "; ".join(f"{name} {' and '.join(dict.fromkeys(given))}" for name, given in grades.items() if len(set(given)) > 1)


# ---- in columns for several inspections


def drop_repeated(inspections: Sequence[Inspections], body: Body, key: Column) -> list[Repeated]:
    """Leave one row per inspection: where two blocks name the same one, in one row or in two, the first has it.

    Those are returned that were left out with another grade than the one has that was taken.
    """
    dropped = 0
    provider = key.codes
    numbers = _numbers_of_blocks(inspections)
    before = {at: inspections[at].held & body.read & (number >= 0) for at, number in numbers.items()}
    for later, its_number in numbers.items():
        inspection = inspections[later]
        for earlier in (at for at in numbers if at < later):
            first, number = inspections[earlier], numbers[earlier]
            again = (its_number >= 0) & (its_number == number) & first.held & inspection.held
            if inspection.previous:
                listed = np.flatnonzero(first.held & body.read & (number >= 0))
                may_be = np.flatnonzero(inspection.held & (its_number >= 0))
                again[may_be] |= _in_pairs((provider[may_be], its_number[may_be]), (provider[listed], number[listed]))
            inspection.held &= ~again
            dropped += int((again & body.read).sum())
        if inspection.previous:
            dropped += _once(inspection, its_number, body, provider)
    if dropped:
        body.log.notes.append(f"{dropped:,} inspections stand twice: taken once, as graded")
    return sorted(_lost(inspections, numbers, before, body, key)) if dropped else []


def _numbers_of_blocks(inspections: Sequence[Inspections]) -> dict[int, np.ndarray]:
    """By the place of each block with inspection numbers: the number in each row as a code, the same in all blocks; -1 for none."""
    texts = {at: one.texts["inspection_number"] for at, one in enumerate(inspections) if "inspection_number" in one.texts}
    if len(texts) < 2 and not any(inspections[at].previous for at in texts):
        return {}  # there is nothing to compare them with
    labels = np.array([label for text in texts.values() for label in text.labels], dtype=object)
    found = text_codes(labels)
    assert found is not None  # as all are text or missing
    codes = found[0]
    ends = np.cumsum([len(text.labels) for text in texts.values()], dtype=np.int64)
    return {at: part[text.codes] for (at, text), part in zip(texts.items(), np.split(codes, ends[:-1]), strict=False)}


def _in_pairs(pairs: tuple[np.ndarray, np.ndarray], listed: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Which pairs of codes are among those listed."""
    base = max(int(codes.max(initial=0)) for codes in (pairs[1], listed[1])) + 1
    last = np.full(base, -1, dtype=np.int64)
    last[listed[1]] = listed[0]
    found = last[pairs[1]] == pairs[0]
    others = last[listed[1]] != listed[0]  # of second codes that are listed with several first ones, as hardly ever
    one, other = (of.astype(np.int64) * base + number for of, number in (pairs, (listed[0][others], listed[1][others])))
    return found | np.isin(one, other) if len(other) else found


def _once(inspection: Inspections, number: np.ndarray, body: Body, provider: np.ndarray) -> int:
    """Let an inspection before stand once, where several rows of a provider list it; say how many were dropped."""
    rows = np.flatnonzero(inspection.held & body.read & (number >= 0))
    if not len(rows) or np.bincount(number[rows]).max() == 1:
        return 0
    keys = provider[rows].astype(np.int64) * (int(number.max(initial=0)) + 1) + number[rows]
    again = rows[pd.Series(keys).duplicated().to_numpy()]
    inspection.held[again] = False
    return len(again)


def _lost(
    inspections: Sequence[Inspections], numbers: Mapping[int, np.ndarray], before: Mapping[int, np.ndarray], body: Body, key: Column
) -> Iterator[Repeated]:
    """The inspections that were left out with another grade than the one has that was taken."""
    out = {at: np.flatnonzero(held & ~inspections[at].held) for at, held in before.items()}
    names_of = {at: key.codes.astype(np.int64) << 32 | number for at, number in numbers.items()}
    wanted = np.concatenate([names_of[at][rows] for at, rows in out.items()])
    taken_as: dict[int, tuple[int, int]] = {}
    for at, held in before.items():
        rows = np.flatnonzero(held & inspections[at].held)
        for row in rows[np.isin(names_of[at][rows], wanted)].tolist():
            taken_as.setdefault(int(names_of[at][row]), (at, row))
    for at, rows in out.items():
        for row in rows.tolist():
            first, its_row = taken_as[int(names_of[at][row])]
            unlike = {}
            for name, codes in inspections[at].grades.items():
                taken = inspections[first].grades.get(name)
                code = -1 if taken is None else int(taken[its_row])
                if min(codes[row], code) >= 0:
                    unlike[name] = list(body.layout.scales[name].dtype.categories[[code, codes[row]]])
            if _listed(unlike):
                text = inspections[at].texts["inspection_number"]
                where = sorted({row + body.first_row, its_row + body.first_row})
                yield Repeated(where, key.texts[key.codes[row]], f"inspection {text.labels[text.codes[row]]}", _listed(unlike))


# ---- what is said of them


def told(found: Sequence[Repeated]) -> str:
    """The first few of such inspections in words, and how many more there are."""
    said = [
        f"{_rows(rows)} (provider {provider}, {inspection}): {differ or 'the same grades'}"
        for rows, provider, inspection, differ in found[:_MOST_TOLD]
    ]
    more = len(found) - _MOST_TOLD
    return ", ".join(said) + (f", and {more:,} more (report.repeated has all)" if more > 0 else "")


def _rows(rows: Sequence[int]) -> str:
    return f"row {rows[0]}" if len(rows) == 1 else f"rows {' and '.join(map(str, rows)) if len(rows) == 2 else spans(rows)}"


def as_table(found: Sequence[Repeated]) -> pd.DataFrame:
    """All such inspections as the report has them."""
    rows = [(spans(one.rows), *one[1:]) for one in found]
    return pd.DataFrame(rows, columns=list(Repeated._fields))
