"""Which rows of two releases are the same inspection.

Across the change of case systems in 2015 the same inspection stands under another number and a day up to 19 days away, so neither is a
key over time; within one system the number is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.counts import NO_DAY, near_pairs
from ofsted_sif.errors import RowError
from ofsted_sif.reading.alike import NO_TEXTS, Texts, of_table
from ofsted_sif.scales import infer_scale, normal_form
from ofsted_sif.table.columns import (
    column,
    grade_codes,
    grade_codes_of,
    has_grade,
    is_called_as_judgement,
    judgements_and_others,
    refuse_near_date,
    warn_of_no_grades,
    with_words,
)
from ofsted_sif.table.dates import days_of
from ofsted_sif.table.keys import as_key, as_words, of_one_kind, text_codes, text_codes_together

# The largest distance seen between the days that two systems give for one inspection.
NEAR = 20
# Numbers of the case system before 2015 end at the one, those of the system since begin at the other: between them both have some.
LAST_OLD, FIRST_NEW = 435_001, 381_399
# The same between two days of publication, where the day of the inspection is not known: Nottingham's report of 5 September 2022 stands
# under 5 November in one release.
NEAR_PUBLISHED = 92
# What becomes of a column that has the name of a judgement, and grades in neither table.
_NO_HELP = "it does not help to tell which inspections are the same; correct the value, or rename the column if it is no judgement"
_FAR = 2**30  # days from 1970
_NEVER = 9  # the rank of a pair that is none
_LONGEST_NUMBER = 18  # digits that fit an int64


def joint_codes(*columns: pd.Series) -> list[np.ndarray]:
    """Codes of the values of several columns, the same for the same value in any of them; -1 for missing."""
    if (text := text_codes_together(*columns)) is not None:
        return text[0]
    found = [_codes_and_labels(values) for values in columns]
    labels = [of for _, of in found]
    if all(one is labels[0] for one in labels):
        return [codes for codes, _ in found]
    joint = _factorized(pd.Series(np.concatenate([np.asarray(one, dtype=object) for one in labels])))[0]
    tables = np.split(joint, np.cumsum([len(one) for one in labels])[:-1])
    return [np.append(table, -1)[codes] for table, (codes, _) in zip(tables, found, strict=True)]


def _codes_and_labels(values: pd.Series) -> tuple[np.ndarray, Any]:
    """Codes of values and their labels: all categories, or the distinct ones."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.asarray(values.cat.codes), values.cat.categories
    return _factorized(values)


def _factorized(values: pd.Series) -> tuple[np.ndarray, Any]:
    """Codes of values and the distinct ones."""
    return found if (found := text_codes(values)) is not None else pd.factorize(values)


def labels_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column, missing throughout where the table has none."""
    return frame[name] if name in frame.columns else pd.Series(np.full(len(frame), None), dtype=object)


def day_of(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column of dates as days, all missing where the table has none; one that is called nearly so is an error."""
    if name in frame.columns:
        return days_of(column(frame, name, name), name)
    refuse_near_date(frame, name, "a table")
    return np.full(len(frame), NO_DAY)


@dataclass(frozen=True)
class _Side:
    """One of the two releases, as codes and days."""

    provider: np.ndarray  # -1 where a row is in a pair already
    then: np.ndarray  # the provider at the time of the inspection, -1 where it is not said
    number: np.ndarray  # without ITS, -1 where there is none, or the row is in a pair already
    system: np.ndarray  # of the number: -1 before 2015, 1 since, 0 where both have such numbers
    start: np.ndarray
    published: np.ndarray


def find_pairs(older: pd.DataFrame, later: pd.DataFrame, texts: Texts = NO_TEXTS) -> np.ndarray:
    """Positions (in the older, in the newer) of rows that are the same inspection, each row in one pair at most.

    `texts` is what has been read of the tables, their providers too where they are text.
    """
    frames = (older, later)
    keys = [column(frame, "provider", "provider") for frame in frames]
    if any("urn_at_inspection" in frame.columns for frame in frames):
        of_inspection = [labels_of(frame, "urn_at_inspection") for frame in frames]
        of_one, codes = of_one_kind(*keys, *of_inspection)
        *providers, then, their_then = joint_codes(*of_one) if codes is None else codes
    else:
        providers = texts["provider"].codes if "provider" in texts else joint_codes(*keys)
        then, their_then = (np.broadcast_to(np.int64(-1), len(frame)) for frame in frames)  # one number, however often
    for which, of_side in zip(("older", "newer"), providers, strict=True):
        if (missing := of_side < 0).any():
            raise RowError(f"the {which} table, column 'provider', ", np.argmax(missing), ": the provider is missing", "provider")
    judged = _judged(older, later, texts)
    numbers = _number_codes(*frames)
    days = [(day_of(frame, "inspection_start"), day_of(frame, "published")) for frame in frames]
    one = _Side(providers[0], then, *numbers[0], *days[0])
    other = _Side(providers[1], their_then, *numbers[1], *days[1])
    alike = _same_kind(older, later)
    certain = alike(*_by_number(one, other))
    one, other = (_without(side, rows) for side, rows in zip((one, other), certain, strict=True))
    return np.concatenate([certain, _chosen(one, other, judged, *alike(*_candidates(one, other)))], axis=1).T


def _without(side: _Side, rows: np.ndarray) -> _Side:
    """A side where these rows are in no more pairs."""
    if not len(rows):
        return side
    provider, number = side.provider.copy(), side.number.copy()
    provider[rows] = number[rows] = -1
    return replace(side, provider=provider, number=number)


def _by_number(one: _Side, other: _Side) -> np.ndarray:
    """Pairs of one provider and one number that both sides have once: they are certain, and most of all."""
    rows = [np.flatnonzero(side.number >= 0) for side in (one, other)]
    if not all(map(len, rows)):
        return np.empty((2, 0), dtype=np.int64)
    numbers = np.concatenate([side.number[at] for side, at in zip((one, other), rows, strict=True)])
    keys = np.concatenate([side.provider[at] for side, at in zip((one, other), rows, strict=True)]).astype(np.int64)
    if (int(keys.max(initial=0)) + 1) * (int(numbers.max(initial=0)) + 1) >= 2**63:
        numbers = pd.factorize(numbers)[0]
    codes = pd.factorize(keys * (int(numbers.max(initial=0)) + 1) + numbers)[0]
    first, second = codes[: len(rows[0])], codes[len(rows[0]) :]
    size = int(codes.max(initial=-1)) + 1
    once = (np.bincount(first, minlength=size) == 1) & (np.bincount(second, minlength=size) == 1)
    at = np.full((2, size), -1)
    at[0, first], at[1, second] = rows[0], rows[1]
    return at[:, once]


def _joined(left: np.ndarray, right: np.ndarray, of_left: np.ndarray, of_right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of all pairs of equal codes, of those rows that are given and have a code."""
    if not (of_left.any() and of_right.any()):
        return np.empty((2, 0), dtype=np.int64)  # type: ignore[return-value]
    rows, places = np.flatnonzero(of_left & (left >= 0)), np.flatnonzero(of_right & (right >= 0))
    left, right = left[rows], right[places]
    size = int(max(left.max(initial=0), right.max(initial=0))) + 1
    if size > 4 * (len(left) + len(right)):  # numbers as they are, not codes one after another
        codes, labels = pd.factorize(np.concatenate([left, right]))
        left, right, size = codes[: len(left)], codes[len(left) :], len(labels)
    of_code = np.bincount(right, minlength=size)
    n = of_code[left]
    begin = (np.cumsum(of_code) - of_code)[left]
    among = np.repeat(begin - np.cumsum(n) + n, n) + np.arange(n.sum())  # of begins 5 and 0, and n of 2 and 1: 5, 6, 0
    return np.repeat(rows, n), places[np.argsort(right, kind="stable")[among]]


def _candidates(one: _Side, other: _Side) -> tuple[np.ndarray, np.ndarray]:
    """All pairs that may be one inspection: of one provider and near in time, or of one number.

    Of one number under two providers, one row must name the other's provider as the one at the time.
    """
    _refuse_far_days(one, other)
    dated, theirs_dated = one.start != NO_DAY, other.start != NO_DAY
    old, new = _joined(one.number, other.number, one.number >= 0, other.number >= 0)
    undated, apart = _days_apart(one.start[old], other.start[new])
    named = (other.then[new] == one.provider[old]) | (one.then[old] == other.provider[new])
    more = np.where(one.provider[old] == other.provider[new], ~undated & (apart > NEAR), named)
    pairs = [
        near_pairs(one.provider, one.start, other.provider, other.start, NEAR),
        _joined(one.provider, other.provider, ~dated, other.provider >= 0),
        _joined(one.provider, other.provider, dated, ~theirs_dated),
        (old[more], new[more]),
    ]
    return tuple(np.concatenate(found) for found in zip(*pairs, strict=True))  # type: ignore[return-value]


def _refuse_far_days(one: _Side, other: _Side) -> None:
    """Refuse days so far apart that one of them can be no date."""
    if all(side.start.min(initial=0) > -_FAR and side.start.max(initial=0) < _FAR for side in (one, other)):
        return
    rows = [(side.start != NO_DAY) & (side.provider >= 0) for side in (one, other)]
    if not all(of.any() for of in rows):
        return
    days, keys = (
        np.concatenate([values[0][rows[0]], values[1][rows[1]]]) for values in ((one.start, other.start), (one.provider, other.provider))
    )
    span = int(days.max()) - int(days.min()) + NEAR + 1
    if span * (int(keys.max()) + 1) >= 2**63:
        raise ValueError(f"the first days of inspections lie {span} days apart: one of them is no date of an inspection")


def _in_one_form(values: pd.Series) -> pd.Series:
    """Words without what differs in case, spaces and punctuation alone; any other column as it is."""
    words = as_words(values)
    if not isinstance(words.dtype, pd.CategoricalDtype):
        return values
    forms = [normal_form(str(word)) for word in words.cat.categories]
    return pd.Series(np.array([*forms, None], dtype=object)[words.cat.codes.to_numpy()])


def _same_kind(older: pd.DataFrame, later: pd.DataFrame) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """A function that gives those of some pairs whose frameworks and being graded are the same, as far as both are known."""
    shared = [name for name in ("framework", "graded") if name in older.columns and name in later.columns]
    found = [joint_codes(_in_one_form(older[name]), _in_one_form(later[name])) for name in shared]

    def alike(old: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        for first, second in found:
            x, y = first[old], second[new]
            same = (x == y) | (x < 0) | (y < 0)
            old, new = old[same], new[same]
        return old, new

    return alike


@dataclass(frozen=True)
class _Judged:
    """The judgements of both sides: codes of those that both have, and in which rows there is any."""

    shared: dict[str, tuple[np.ndarray, np.ndarray]]
    any_old: np.ndarray
    any_new: np.ndarray


def _judged(older: pd.DataFrame, later: pd.DataFrame, texts: Texts) -> _Judged:
    told = [{(name, False): text.of_side(side) for name, text in texts.items() if is_called_as_judgement(name)} for side in (0, 1)]
    older, later = (
        with_words(frame, filter(is_called_as_judgement, frame.columns), encoded)
        for frame, encoded in zip((older, later), told, strict=True)
    )
    any_old, any_new = np.zeros(len(older), dtype=np.bool_), np.zeros(len(later), dtype=np.bool_)
    (ours, others), (theirs, their_others) = judgements_and_others(older), judgements_and_others(later)
    shared = {}
    for name in ours:
        codes, scale = grade_codes(older, name, None)
        any_old |= codes >= 0
        if name in theirs and later[name].notna().any():
            their_codes, their_scale = grade_codes(later, name, None)
            if their_scale != scale and (codes >= 0).any():
                raise ValueError(f"column {name!r} is on the scale {scale.name} in one table and {their_scale.name} in the other")
            shared[name] = (codes, their_codes)
    for name in theirs:
        any_new |= has_grade(later[name])
    for which, no_grades, judged in (("older", others, later[[*theirs]]), ("newer", their_others, older[[*ours]])):
        _refuse_words(no_grades, judged, which)
        warn_of_no_grades(no_grades, f"the {which} table, ", _NO_HELP)
    return _Judged(shared, any_old, any_new)


def _refuse_words(no_grades: Mapping[str, pd.Series], judged: pd.DataFrame, which: str) -> None:
    """Refuse a word that is no grade where the other table has grades: it would stand in their place, or they in its."""
    for name, values in no_grades.items():
        if name in judged.columns and has_grade(judged[name]).any():
            with of_table(which):
                grade_codes_of(values, name, infer_scale(judged[name]))


def _chosen(one: _Side, other: _Side, judged: _Judged, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Of pairs that may be one inspection those that are, each row once: their rows in the older, and in the newer."""
    sure = []
    if (one.number < 0).all() or (other.number < 0).all():  # else their numbers may say otherwise
        is_sure = _are_sure(one, other, judged, old, new)
        sure = [(old[is_sure], new[is_sure])]
        old, new = old[~is_sure], new[~is_sure]
    x, y = one.number[old], other.number[new]
    same_number = (x >= 0) & (x == y)
    systems = one.system[old], other.system[new]
    possible = (x < 0) | (y < 0) | same_number | (systems[0] != systems[1]) | (systems[0] == 0)
    old, new, same_number, x, y = (of[possible] for of in (old, new, same_number, x, y))
    undated, apart = _days_apart(one.start[old], other.start[new])
    apart = np.where(undated, _days_apart(one.published[old], other.published[new])[1], apart)
    equal, unlike, same_overall = _agreement(judged, old, new)
    # Across the change of systems the judgements below the overall one were restated for some; that one never.
    agree = (unlike == 0) & (equal > 0) | (x >= 0) & (y >= 0) & same_overall
    rank = np.full(len(old), _NEVER)
    rank[~undated & (apart <= NEAR) & agree] = 4
    rank[undated & (apart == 0)] = 3
    # Of the same grades twice within a quarter, one day of publication is a slip.
    rank[undated & (apart > 0) & (apart <= NEAR_PUBLISHED) & (unlike == 0) & (equal > 1)] = 5
    rank[~undated & (apart == 0)] = 2
    rank[judged.any_old[old] & judged.any_new[new] & (equal + unlike == 0)] = _NEVER
    rank[same_number] = 1
    chosen = np.flatnonzero(rank < _NEVER)
    alone = _are_alone(old[chosen], new[chosen])  # whatever the others are
    first, chosen = chosen[alone], chosen[~alone]
    chosen = chosen[np.lexsort((new[chosen], old[chosen], apart[chosen], -equal[chosen], unlike[chosen], rank[chosen]))]
    return np.concatenate([*sure, (old[first], new[first]), each_once(old[chosen], new[chosen]).T], axis=1)


def _are_alone(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Of which pairs both rows are in no other."""
    return np.logical_and(*(np.bincount(rows)[rows] == 1 for rows in (old, new)))


def _are_sure(one: _Side, other: _Side, judged: _Judged, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Pairs of which it is soon told that they are one inspection: alone and of one day, and a grade of both is known."""
    start = one.start[old]
    sure = (start == other.start[new]) & (start != NO_DAY) & _are_alone(old, new)
    known = np.zeros(len(old), dtype=np.bool_)
    for ours, theirs in judged.shared.values():
        left = np.flatnonzero(sure & ~known)
        known[left] = (ours[old[left]] >= 0) & (theirs[new[left]] >= 0)
    return sure & known


def _days_apart(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where one of two days is missing, and how far apart the others are; the largest number where one is missing."""
    undated = (first == NO_DAY) | (second == NO_DAY)
    return undated, np.where(undated, np.iinfo(np.int32).max, np.abs(np.where(undated, 0, first) - np.where(undated, 0, second)))


def each_once(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Of pairs, the most certain first, those that are left where each pair taken rules out the later ones of its two rows.

    A pair that is the first of both its rows is taken whatever the others are, so all such pairs are taken at once. Of
    (0, 0), (0, 1), (1, 1) the first is; then (0, 1) is ruled out, and (1, 1) is the first of both its rows.
    """
    taken, left = [np.empty(0, dtype=np.int64)], np.arange(len(old))
    while len(left):
        rows, matches = old[left], new[left]
        is_first = _are_first(rows) & _are_first(matches)
        taken.append(left[is_first])
        left = left[~(_are_among(rows, is_first) | _are_among(matches, is_first))]
    order = np.sort(np.concatenate(taken))
    return np.stack([old[order], new[order]], axis=1)


def _are_first(rows: np.ndarray) -> np.ndarray:
    """Where each row stands for the first time."""
    places, at = np.arange(len(rows)), np.empty(rows.max() + 1, dtype=np.int64)
    at[rows[::-1]] = places[::-1]  # the last of several stays, which is the first
    return at[rows] == places


def _are_among(rows: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Which rows are those at some of the places."""
    among = np.zeros(rows.max() + 1, dtype=np.bool_)
    among[rows[some]] = True
    return among[rows]


def _agreement(judged: _Judged, old: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each pair: how many grades are equal, how many unlike, and whether the overall grade is the same."""
    equal, unlike = np.zeros(len(old), dtype=np.int64), np.zeros(len(old), dtype=np.int64)
    same_overall = np.zeros(len(old), dtype=np.bool_)
    for name, (ours, theirs) in judged.shared.items():
        x, y = ours[old], theirs[new]
        known = (x >= 0) & (y >= 0)
        equal += known & (x == y)
        unlike += known & (x != y)
        if name == "overall_effectiveness":
            same_overall = known & (x == y)
    return equal, unlike, same_overall


def _number_codes(*frames: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    """Numbers without a leading ITS as codes, the same for the same number, and the case system of each."""
    if all("inspection_number" not in frame.columns for frame in frames):
        return [(np.broadcast_to(np.int64(-1), len(frame)), np.broadcast_to(np.int8(0), len(frame))) for frame in frames]
    of_rows, read = [], []
    for values in (labels_of(frame, "inspection_number") for frame in frames):
        if isinstance(values.dtype, pd.CategoricalDtype):
            codes, labels = np.asarray(values.cat.codes), np.asarray(values.cat.categories, dtype=object)
            value = _plain_numbers(labels)
        else:  # nearly all differ, so where they are read at once there is nothing to gain from distinct ones
            present = values.notna().to_numpy()
            labels = np.asarray(values, dtype=object)[present]
            codes = np.where(present, np.cumsum(present) - 1, -1)
            value = _whole_numbers(labels) if values.dtype.kind in "iuf" else _plain_numbers(labels)
            if value is None:
                codes, distinct = _factorized(values)
                labels = np.asarray(distinct, dtype=object)
        of_rows.append(codes)
        read.append(_read_numbers(labels) if value is None else _read_plain_numbers(labels, value))
    if all(plain.all() for _, _, plain, _ in read):
        keys = [value for _, value, _, _ in read]
    else:
        bare = np.concatenate([bare.astype(str).astype(object) for bare, *_ in read])
        joint = np.where(bare == "", -1, pd.factorize(bare)[0])
        keys = [joint[: len(read[0][0])], joint[len(read[0][0]) :]]
    return [
        (np.append(key, -1)[codes], np.append(system, np.int8(0))[codes])
        for key, codes, (*_, system) in zip(keys, of_rows, read, strict=True)
    ]


def _read_numbers(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of distinct numbers: their text without ITS, their value, whether the value says all of the text, and their case system.

    What has no digit but noughts, as a dash, is no number: its text is empty.
    """
    bare = np.array([_written(label) for label in labels], dtype=str)
    its = np.char.startswith(bare, "ITS") if len(bare) else np.zeros(0, dtype=np.bool_)
    bare[its] = [text[3:].lstrip() for text in bare[its].tolist()]
    width = bare.dtype.itemsize // 4
    characters = bare.view(np.uint32).reshape(len(bare), width) if width else np.zeros((len(bare), 1), dtype=np.uint32)
    length = (characters != 0).sum(axis=1)
    digits = ((characters == 0) | ((characters >= ord("0")) & (characters <= ord("9")))).all(axis=1) & (length > 0)
    value = np.zeros(len(bare), dtype=np.int64)
    for place in range(min(characters.shape[1], _LONGEST_NUMBER)):
        there = digits & (characters[:, place] != 0)
        value[there] = value[there] * 10 + (characters[there, place].astype(np.int64) - ord("0"))
    plain = digits & (length <= _LONGEST_NUMBER) & ((characters[:, 0] != ord("0")) | (length == 1))
    short = digits & (length <= 9)
    system = _systems(value, short)
    system[its] = -1
    return bare, value, plain, system


def _written(label: object) -> str:
    """A number as text, however it came: 360724.0 and "its360724 " as well."""
    text = as_key(label).upper()
    if text[-2:] == ".0" and text[:-2].isdigit():
        text = text[:-2]
    return text if re.search("[1-9]", text) else ""


def _whole_numbers(labels: np.ndarray) -> np.ndarray | None:
    """The values of numbers that came as numbers; None where any of them is not whole, or less than one."""
    value = labels.astype(np.float64)
    return labels.astype(np.int64) if len(value) == 0 or (value.min() >= 1 and value.max() < 2**53 and (value % 1 == 0).all()) else None


def _systems(value: np.ndarray, is_short: np.ndarray) -> np.ndarray:
    """The case system of each number: -1 before 2015, 1 since, 0 where both have such numbers, or it is too long for either."""
    return np.where(is_short, np.where(value < FIRST_NEW, -1, value > LAST_OLD), 0).astype(np.int8)


def _plain_numbers(labels: np.ndarray) -> np.ndarray | None:
    """The values of texts that are all digits, none a zero in front, as nearly all numbers of inspections are; None of any others."""
    try:
        joined = " ".join(labels)
    except TypeError:  # not all text
        return None
    digits = joined.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()) or " 0" in f" {joined}" or "  " in f" {joined} ":
        return None
    value = np.fromstring(joined, dtype=np.int64, sep=" ") if max(map(len, labels)) <= _LONGEST_NUMBER else None
    return value if value is not None and len(value) == len(labels) else None  # else one holds a space


def _read_plain_numbers(labels: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The same as of any numbers, of those whose values are known."""
    return labels, value, np.ones(len(labels), dtype=np.bool_), _systems(value, value < 10**9)
