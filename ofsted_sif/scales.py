"""Judgements and grade scales: what is judged, the labels of a grade, the words by which it goes in print, and how a word becomes a grade.

This is the one place where a value is understood as a grade; every function that takes judgements comes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.arguments import single_values
from ofsted_sif.errors import RowError

__all__ = ["EFFECTIVE", "FOUR_POINT", "MET", "REPORT_CARD", "GradeScale", "grades"]

#: The judgements by their standard names, whatever the service: a column each.
JUDGEMENTS = (
    "overall_effectiveness",
    "help_and_protection",
    "children_in_care",
    "adoption",
    "care_leavers",
    "leadership",
    "lscb",
    "outcomes",
    "quality_of_care",
    "health_services",
    "safeguarding",
    "education_outcomes",
    "quality_of_education",
    "behaviour_and_attitudes",
    "personal_development",
    "early_years",
    "sixth_form",
    "quality_of_teaching",
    "behaviour_and_safety",
    "inclusion",
    "curriculum_and_teaching",
    "achievement",
    "attendance_and_behaviour",
    "personal_development_and_wellbeing",
    "early_years_report_card",
    "post_16",
    "leadership_and_governance",
    "behaviour_and_routines",
    "welfare_and_wellbeing",
    "skills_needs",
    "young_people_curriculum",
    "young_people_achievement",
    "young_people_participation",
    "adults_curriculum",
    "adults_achievement",
    "adults_participation",
    "apprenticeships_curriculum",
    "apprenticeships_achievement",
    "apprenticeships_participation",
    "high_needs_curriculum",
    "high_needs_achievement",
    "high_needs_participation",
    "supported_accommodation",
    "area_send",
    "statement_of_action",
)

#: Columns that results have of their own; no grade may be called so.
OWN_COLUMNS = frozenset(
    {"n", "n_judged", "n_not_judged", "n_without_weight", "n_eff", "n_clusters", "n_shared", "n_unknown", "lower", "upper", "judgement"}
)


@cache
def snake_case(label: str) -> str:
    """Name a column after a label: ``"Requires improvement"`` becomes ``"requires_improvement"``."""
    return re.sub(r"\W+", "_", label.strip().lower()).strip("_")


def normal_form(word: str) -> str:
    """Bring a spelling to the form in which words are compared: lower case, single spaces."""
    return " ".join(word.split()).casefold()


# Words that stand where a grade could and say that there is none.
NOT_A_GRADE = frozenset({"", "-", "null", "not judged", "not yet inspected"})
#: What people write where there is nothing. In a column of grades it is an error unless it is one of the words before.
MEANS_NONE = NOT_A_GRADE | {"n/a", "#n/a", "na", "nan", "none", "nil", "not applicable", "not available", "not known", "missing"}


@dataclass(frozen=True)
class GradeScale:
    """An immutable scale of grades.

    Parameters
    ----------
    name : str
        Name of the scale, for messages.
    labels : tuple of str
        The grades, best first.
    words : mapping of str to str, optional
        Further spellings met in print, each with the label that it means. Case and spacing do not matter. The labels themselves
        are always known.
    threshold : str, optional
        The worst label that still counts as good enough.
    threshold_column : str, optional
        Name of the column that counts the rows good enough; by default the labels from the best to the threshold, joined by ``_or_``.

    Raises
    ------
    ValueError
        If labels repeat, a word means two labels or one that does not exist, the threshold is not one of the labels, or two columns of a
        result would have the same name: those of two labels, or that of a label and ``n``, ``lower`` and the like.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> effectiveness = sif.GradeScale("effectiveness", ("Effective", "Ineffective"), threshold="Effective")
    >>> effectiveness.threshold_column
    'effective'
    >>> sif.grades(["EFFECTIVE", "Ineffective", None], effectiveness).tolist()
    ['Effective', 'Ineffective', nan]
    """

    name: str
    labels: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict, hash=False)
    threshold: str | None = None
    threshold_column: str | None = None

    def __post_init__(self) -> None:
        labels = tuple(self.labels)
        if not labels or len({normal_form(label) for label in labels}) < len(labels):
            raise ValueError(f"scale {self.name}: labels must be one or more and differ, not {labels}")
        if len(labels) > 127:
            raise ValueError(f"scale {self.name}: {len(labels)} labels; grade codes are int8, at most 127")
        if self.threshold is not None and self.threshold not in labels:
            raise ValueError(f"scale {self.name}: the threshold {self.threshold!r} is none of its labels {labels}")
        known: dict[str, str] = {}
        for word, label in [*zip(labels, labels, strict=True), *self.words.items()]:
            if label not in labels:
                raise ValueError(f"scale {self.name}: {word!r} is to mean {label!r}, which is none of its labels {labels}")
            if normal_form(word) in NOT_A_GRADE:
                raise ValueError(f"scale {self.name}: {word!r} is read as a missing value, so it can be no grade; call it otherwise")
            if known.setdefault(normal_form(word), label) != label:
                raise ValueError(f"scale {self.name}: {word!r} means both {known[normal_form(word)]!r} and {label!r}")
        column = self.threshold_column
        if self.threshold is not None and column is None:
            column = "_or_".join(snake_case(label) for label in reversed(labels[: labels.index(self.threshold) + 1]))
        self._check_columns(labels, column)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "words", MappingProxyType(known))
        object.__setattr__(self, "threshold_column", column if self.threshold is not None else None)
        object.__setattr__(self, "dtype", pd.CategoricalDtype(list(labels[::-1]), ordered=True))

    def _check_columns(self, labels: tuple[str, ...], threshold_column: str | None) -> None:
        """Refuse labels that would give a result two columns of one name."""
        named = {label: snake_case(label) for label in labels}
        if threshold_column is not None and not (self.threshold == labels[0] and threshold_column == named[labels[0]]):
            named[f"the threshold's column {threshold_column}"] = threshold_column  # where only the best counts, both hold the same
        made: dict[str, str] = {}
        for label, name in named.items():
            if not name:
                raise ValueError(f"scale {self.name}: the label {label!r} has no letter or digit from which a column could be named")
            for column in (name, f"share_{name}", f"lower_{name}", f"upper_{name}"):
                if column in OWN_COLUMNS:
                    raise ValueError(f"scale {self.name}: {label!r} would name the column {column!r}, which every result has of its own")
                if (other := made.setdefault(column, label)) != label:
                    raise ValueError(f"scale {self.name}: {other!r} and {label!r} would both name the column {column!r}; they must differ")

    def with_threshold(self, label: str | None) -> GradeScale:
        """Return the same scale with this label as the worst that counts, in a column ``<label>_or_better``; None returns it as it is."""
        if label is None:
            return self
        known = self.words.get(normal_form(label)) if isinstance(label, str) else None
        if known is None:
            raise ValueError(f"threshold={label!r} is none of the labels of the scale {self.name}: {', '.join(self.labels)}")
        if known == self.threshold:
            return self
        return GradeScale(self.name, self.labels, dict(self.words), known, f"{snake_case(known)}_or_better")

    def with_words(self, words: Mapping[str, str]) -> GradeScale:
        """Return the same scale with further spellings and the grade that each means: ``with_words({"RI": "Requires improvement"})``."""
        return GradeScale(self.name, self.labels, {**self.words, **words}, self.threshold, self.threshold_column)

    @property
    def columns(self) -> list[str]:
        """The names of the grades as columns of a result, best first."""
        return [snake_case(label) for label in self.labels]

    @property
    def n_good_enough(self) -> int:
        """How many labels, from the best on, reach the threshold; 0 where the scale has none."""
        return 0 if self.threshold is None else self.labels.index(self.threshold) + 1

    def meets_threshold(self, codes: np.ndarray) -> np.ndarray:
        """Whether codes (worst 0, missing -1) are of grades that meet the threshold; without one none do."""
        return codes >= len(self.labels) - self.n_good_enough

    def __reduce__(self) -> tuple[Any, ...]:
        return (GradeScale, (self.name, self.labels, dict(self.words), self.threshold, self.threshold_column))

    # The pandas dtype of a column of this scale, worst to best; set once, so that pandas can compare it by identity.
    dtype: pd.CategoricalDtype = field(init=False, repr=False, compare=False)


FOUR_POINT = GradeScale(
    "FOUR_POINT",
    ("Outstanding", "Good", "Requires improvement", "Inadequate"),
    words={
        "Requires improvement to be good": "Requires improvement",
        "Satisfactory": "Requires improvement",  # schools until 2012, social care until 2012
        "Adequate": "Requires improvement",  # social care until 2015
    },
    threshold="Good",
    threshold_column="good_or_outstanding",
)
REPORT_CARD = GradeScale(
    "REPORT_CARD",
    ("Exceptional", "Strong standard", "Expected standard", "Needs attention", "Urgent improvement"),
)
MET = GradeScale("MET", ("Met", "Not met"))
EFFECTIVE = GradeScale("EFFECTIVE", ("Effective", "Ineffective"), threshold="Effective")  # childminder agencies
SUPPORTED_ACCOMMODATION = GradeScale(  # supported accommodation for children in care and care leavers, since September 2024
    "SUPPORTED_ACCOMMODATION",
    ("Consistently strong service delivery", "Inconsistent quality of service delivery", "Serious or widespread weaknesses"),
)
AREA_SEND = GradeScale(  # special educational needs in a local area, since January 2023
    "AREA_SEND",
    (
        "Typically positive experiences and outcomes",
        "Inconsistent experiences and outcomes",
        "Widespread and/or systemic failings",
    ),
)
STATEMENT_OF_ACTION = GradeScale(  # the same, 2016 to 2022
    "STATEMENT_OF_ACTION", ("No statement of action required", "Statement of action required")
)
SCALES = (FOUR_POINT, REPORT_CARD, MET, EFFECTIVE, SUPPORTED_ACCOMMODATION, AREA_SEND, STATEMENT_OF_ACTION)

# What people write for grades without being one, and what they often mean by it: a hint, and never an answer.
_OFTEN_MEANS = {
    "o": "Outstanding",
    "g": "Good",
    "ri": "Requires improvement",
    "inad": "Inadequate",
    "special measures": "Inadequate",
    "serious weaknesses": "Inadequate",
    "in need of special measures": "Inadequate",
    "i": "Inadequate",
}
#: Stands for a word that is no grade, where words have codes.
NO_GRADE = -2

_NUMERAL = re.compile(r"[1-4](\.0+)?")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal | np.number) and not isinstance(value, bool)


def grade_code(value: object, scale: GradeScale) -> int | None:
    """The code (worst is 0) of one value, -1 for a missing one or a word for none; None where the scale does not know it."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return -1
    best = len(scale.labels) - 1
    if isinstance(value, str):
        word = normal_form(value)
        if word in NOT_A_GRADE:
            return -1
        if word in scale.words:
            return best - scale.labels.index(scale.words[word])
        if scale.labels == FOUR_POINT.labels and _NUMERAL.fullmatch(word):
            return best + 1 - int(word[0])
    elif _is_number(value) and scale.labels == FOUR_POINT.labels and value in (1, 2, 3, 4):
        return best + 1 - int(value)
    return None


def _unknown(value: object, row: int, scale: GradeScale, column: str | None) -> RowError:
    before = "" if column is None else f"column {column!r}, "
    known = ", ".join(scale.labels)
    if isinstance(value, bytes):
        return RowError(before, row, f": {value!r} is bytes, not text; decode it first, as with .str.decode('utf-8')", column, value)
    missing = if_it_means_none(value, column)
    if isinstance(value, str):
        meant = _meant(value, scale) or missing
        return RowError(before, row, f": {value!r} is not a grade of the scale {scale.name} (known: {known}){meant}", column, value)
    if scale.labels == FOUR_POINT.labels:
        after = f": {value!r} is not a grade; numbers mean grades only from 1 (Outstanding) to 4 (Inadequate){missing}"
    else:
        after = f": {value!r} is not a grade of the scale {scale.name} (known: {known}); its grades are words, not numbers"
    return RowError(before, row, after, column, value)


def if_it_means_none(value: object, column: str | None) -> str:
    """What to type where a word or number stands for a missing value; an end for the error that names it."""
    shown = value.item() if isinstance(value, np.generic) else value
    return "" if column is None else f"; if it means none: table[{column!r}] = table[{column!r}].replace({shown!r}, None)"


def _meant(word: str, scale: GradeScale) -> str:
    """Which grade may be meant by a word, and how to teach it to the scale."""
    form = normal_form(word)
    near = get_close_matches(form, list(scale.words), n=1)
    meant = scale.words[near[0]] if near else _OFTEN_MEANS.get(form)
    if meant not in scale.labels:
        return ""
    name = scale.name if scale in SCALES else None
    if name is None:
        return f"; did you mean {meant!r}?"
    return f"; did you mean {meant!r}? To take the word for it: scale=ofsted_sif.{name}.with_words({{{word!r}: {meant!r}}})"


def checked(scale: Any) -> GradeScale:
    """The scale, or an error that says what one is."""
    if isinstance(scale, GradeScale):
        return scale
    known = next(
        (one.name for one in SCALES if isinstance(scale, str) and normal_form(scale).replace(" ", "_") == one.name.casefold()), None
    )
    meant = f"ofsted_sif.{known}, without quotes" if known else "ofsted_sif.FOUR_POINT, or a scale of your own, ofsted_sif.GradeScale(...)"
    raise TypeError(f"scale={scale!r} is no GradeScale: give {meant}")


def _distinct(values: Any) -> tuple[np.ndarray, list[Any]]:
    """Codes into the distinct values, and those values; missing ones have the code -1."""
    name = getattr(values, "name", None)
    if isinstance(values, pd.Series | pd.Index):
        values = values.array
    if isinstance(values, pd.Categorical):
        return np.asarray(values.codes), values.categories.tolist()
    if isinstance(values, np.ma.MaskedArray):
        values = [None if missing else value for value, missing in zip(values.data, np.ma.getmaskarray(values), strict=True)]
    if hasattr(values, "to_pylist"):  # an array of Arrow, whose own scalars are no words
        values = values.to_pylist()
    if getattr(values, "ndim", 1) != 1:
        raise ValueError(f"grades come in one dimension, not {values.ndim}")
    if not hasattr(values, "dtype"):
        values = np.fromiter(values, dtype=object)
    codes, distinct = single_values(pd.Series(values, name=name, copy=False))
    return codes, distinct.tolist()


def scale_of_dtype(dtype: Any) -> GradeScale | None:
    """The known scale whose dtype this is; comparing dtypes takes its time, so first it is asked whether they share their categories."""
    if not isinstance(dtype, pd.CategoricalDtype) or not dtype.ordered or dtype.categories is None:
        return None
    categories = dtype.categories
    for scale in SCALES:
        known = scale.dtype.categories
        if categories is known or (len(categories) == len(known) and scale.dtype == dtype):
            return scale
    return None


def fitting_scale(values: Any) -> GradeScale | None:
    """The known scale of which all values are grades or missing; None where there is no such scale.

    Categories in no order that no row has matter only where several scales fit the others.
    """
    dtype = getattr(values, "dtype", None)
    if (known := scale_of_dtype(dtype)) is not None:
        return known
    codes, distinct = _distinct(values)
    if (found := _scale_of_all(distinct)) is not None or getattr(dtype, "ordered", False):
        return found
    return _scale_of_all(_that_occur(codes, distinct))


def _scale_of_all(words: list[Any]) -> GradeScale | None:
    """The known scale of which all words are grades or mean none."""
    return next((scale for scale in SCALES if all(grade_code(word, scale) is not None for word in words)), None)


def _that_occur(codes: np.ndarray, distinct: list[Any]) -> list[Any]:
    """Of distinct values those that a row has."""
    return [distinct[code] for code in np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(distinct))).tolist()]


def infer_scale(values: Any) -> GradeScale:
    """The scale of a column: the known one that fits its values; else, of an ordered Categorical, its own; else the nearest known one.

    The nearest is taken so that the error which follows names its grades.
    """
    if (known := fitting_scale(values)) is not None:
        return known
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered:
        _check_order(dtype.categories.tolist(), getattr(values, "name", None))
        return GradeScale(str(getattr(values, "name", None) or "own"), tuple(str(label) for label in dtype.categories[::-1]))
    words = _that_occur(*_distinct(values))
    return max(SCALES, key=lambda scale: sum((code := grade_code(word, scale)) is not None and code >= 0 for word in words))


def _check_order(words: list[Any], name: Any) -> None:
    """Refuse an order of one's own that holds numbers or a word for none, or has a known grade after one that is better.

    A word for none would be counted as a grade; in another order, as that of the alphabet, improving and declining would change places.
    """
    where, of = ("", "values") if name is None else (f"column {name!r}: ", f"table[{name!r}]")
    if not all(isinstance(word, str) for word in words):
        raise ValueError(
            f"{where}the categories are numbers or dates, and a scale has words: {of}.cat.rename_categories(str) makes words of them"
        )
    if (none := next((word for word in words if normal_form(word) in MEANS_NONE), None)) is not None:
        raise ValueError(
            f"{where}the categories are in an order, and {none!r} says that there is no grade: {of}.cat.remove_categories({none!r}) makes "
            "it missing; where it is a grade, name the scale: scale=ofsted_sif.GradeScale(...)"
        )
    of_letters = [word for word in words if isinstance(word, str) and not word.strip().isdigit()]
    for scale in SCALES:
        known = [(code, word) for word in of_letters if (code := grade_code(word, scale)) is not None and code >= 0]
        worst_after = [(code, word, min(known[place:])) for place, (code, word) in enumerate(known)]
        turned = next(((word, worst) for code, word, (worst_code, worst) in worst_after if worst_code < code), None)
        if turned is not None:
            others = [word for word in words if grade_code(word, scale) is None]
            raise ValueError(
                f"{where}the categories are ordered with {turned[0]!r} as worse than {turned[1]!r}, and {others[0]!r} is no grade of "
                f"{scale.name}. Where no row has it, leave it out: .cat.remove_unused_categories(); else order the categories worst to best"
            )


def codes_of_words(words: Iterable[object], scale: GradeScale) -> np.ndarray:
    """The code of each word, -1 for a missing one, and `NO_GRADE` for one that the scale does not know."""
    codes = (grade_code(word, scale) for word in words)
    return np.array([NO_GRADE if code is None else code for code in codes], dtype=np.int64)


def grades(values: Any, scale: GradeScale = FOUR_POINT, *, column: str | None = None) -> pd.Categorical:
    """Turn words or integers into an ordered Categorical, worst to best.

    So ``s >= "Good"`` and ``s.max()`` mean what they say.

    Parameters
    ----------
    values : array_like of str, int or float, Categorical or Series, shape (n,)
        Grades as printed, in any spelling that the scale knows. For FOUR_POINT also the numbers 1 (Outstanding) to 4 (Inadequate), as
        integers, as floats or as text. None, NaN, blank, ``-``, ``Not judged`` and ``Not yet inspected`` are missing.
    scale : GradeScale, default FOUR_POINT
        The scale of the grades.
    column : str, optional
        Name of the column, for the error message.

    Returns
    -------
    Categorical, shape (n,)
        Its categories are ``scale.labels``, the worst first; codes are int8, -1 for missing. A Categorical that is like this already is
        returned as it is.

    Raises
    ------
    ValueError
        For a value that the scale does not know; the message has the value, its row (from 0) and the grades that are known. That includes
        0, 8 and 9, which mean "no judgement" in some of Ofsted's files: `read_inspections` knows in which.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> sif.grades(["Good", "Requires Improvement to be good", "Adequate", None]).tolist()
    ['Good', 'Requires improvement', 'Requires improvement', nan]
    >>> (sif.grades([1, 2, 4]) >= "Good").tolist()
    [True, True, False]
    """
    checked(scale)
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, pd.CategoricalDtype):
        array = values if isinstance(values, pd.Categorical) else values.array if hasattr(values, "array") else pd.Categorical(values)
        if dtype is scale.dtype or dtype.categories.equals(scale.dtype.categories):
            return array if dtype.ordered else pd.Categorical.from_codes(array.codes, dtype=scale.dtype)
    codes, distinct = _distinct(values)
    table = np.full(len(distinct) + 1, -1, dtype=np.int8)
    for position, value in enumerate(distinct):
        code = grade_code(value, scale)
        if code is not None:
            table[position] = code
        elif len(rows := np.flatnonzero(codes == position)):  # a category that no row has is not the user's mistake
            raise _unknown(value, rows[0], scale, column)
    return pd.Categorical.from_codes(table[codes], dtype=scale.dtype)
