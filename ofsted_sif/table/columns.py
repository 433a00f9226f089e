"""A user's table as a DataFrame, and its columns by name: which there are, which are judgements, and what is nearly there.

A table is a pandas DataFrame, a NumPy structured array, a mapping of arrays, or of a kind that `frames` knows. Nothing that comes in is
changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.arguments import one_name
from ofsted_sif.counts import NO_DAY
from ofsted_sif.errors import MissingColumnError, NotAJudgementWarning, RowError, warn
from ofsted_sif.scales import (
    JUDGEMENTS,
    SCALES,
    GradeScale,
    checked,
    codes_of_words,
    fitting_scale,
    grades,
    infer_scale,
    normal_form,
    scale_of_dtype,
    snake_case,
)
from ofsted_sif.table import frames
from ofsted_sif.table.dates import days_of, is_offset, parse_date
from ofsted_sif.table.keys import NOTHING, Encoded, as_words

#: All standard columns but the judgements. A column of such a name means this and nothing else.
STANDARD = (
    "provider",
    "provider_name",
    "provider_type",
    "local_authority",
    "region",
    "ofsted_region",
    "opened",
    "closed",
    "framework",
    "inspection_type",
    "inspection_number",
    "urn_at_inspection",
    "inspection_start",
    "inspection_end",
    "published",
    "graded",
    "outcome",
    "registration_status",
    "known_from",
)


@dataclass(frozen=True)
class Columns:
    """The user's names of the columns that place an inspection and say who may count; None means without."""

    provider: str = "provider"
    inspected: str | None = "inspection_start"
    published: str | None = "published"
    opened: str | None = "opened"
    closed: str | None = "closed"
    graded: str | None = "graded"

    def __post_init__(self) -> None:
        for argument, name in vars(self).items():
            one_name(name, argument)

    @property
    def dates(self) -> tuple[str | None, str | None]:
        """The names of the two columns that say when inspections were."""
        return self.inspected, self.published

    def needed(self) -> dict[str, str | None]:
        """The names by argument."""
        return dict(vars(self))


def as_frame(
    table: Any,
    *,
    of_records: bool = False,
    judgements_as_words: bool = False,
    keys: str | None = None,
    encoded: dict[Any, Any] | None = None,
    dates: Sequence[str | None] = (),
    groups: str | Sequence[str] | None = None,
    **needed: str | Sequence[str] | None,
) -> pd.DataFrame:
    """The table as a DataFrame; its columns are not copied where they need not be.

    Of polars and Arrow tables only the columns needed are taken where a function names them, argument by argument; with `of_records`
    also those that say what an inspection is and who may count. None named: all are taken. With `judgements_as_words` text of polars in
    judgements that nothing else is asked of may come as a Categorical of its words. A dictionary of `keys`, of `groups`, or of `by` is
    sorted where it does not say that it is in an order. Text of polars in `keys`, or that makes groups alone, may be encoded on the way:
    what it became is added to `encoded`, and where columns are named it stays as polars has it. Arrow's dates in the columns `dates` stay
    so.
    """
    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, np.ndarray) and table.dtype.names:
        if table.ndim != 1:
            raise ValueError(f"a structured array of records has one dimension, not {table.ndim}")
        return pd.DataFrame({name: _one_column(table[name], name) for name in table.dtype.names}, copy=False)
    if isinstance(table, Mapping):
        # An index of its own: a column that is a Series is taken by position, never aligned by its index.
        columns = {name: values.array if isinstance(values, pd.Series) else _one_column(values, name) for name, values in table.items()}
        lengths = {name: len(values) for name, values in columns.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise ValueError(f"lengths differ: the columns of a table have as many rows each, but {told}")
        return pd.DataFrame(columns, copy=False)
    if (read := frames.of_stream(table)) is not None:
        table = read
    known = frames.column_names(table)
    if known is None:
        raise TypeError(f"a table of inspections is {frames.KINDS}, not {type(table).__name__}")
    wanted = needed_columns(*known, needed, of_records=of_records) if needed else None
    words: set[str] = set()
    if judgements_as_words:
        asked = {name for argument, given in needed.items() if argument not in ("judgement", "having") for name in names(given, argument)}
        words = {name for name in known[0] if name in names(needed.get("judgement"), "judgement") or is_called_as_judgement(name)} - asked
    by, of_providers = names(needed.get("by"), "by"), names(keys, "provider")
    in_order = [*by, *names(groups, "by"), *of_providers]
    also = {name for argument, given in needed.items() if argument not in ("by", "provider") for name in names(given, argument)}
    by_codes = [name for name in dict.fromkeys([*of_providers, *by]) if name not in also]
    return frames.as_pandas(table, wanted, in_order, words, by_codes, encoded, [*dates, *by_codes] if needed else dates)


def _one_column(values: Any, name: Any) -> Any:
    """The values of a column; an array in the byte order of this machine and in single units of time: of others pandas makes no column."""
    if not hasattr(values, "__len__") or isinstance(values, str):
        raise TypeError(f"column {name!r} is {type(values).__name__}, not values of rows")
    if not isinstance(values, np.ndarray):
        return values
    if values.ndim != 1:
        raise ValueError(f"column {name!r} must have one dimension, not {values.ndim}")
    if values.dtype.names:
        raise ValueError(f"column {name!r} has fields of its own: {', '.join(values.dtype.names)}")
    if values.dtype.kind in "mM" and (unit := np.datetime_data(values.dtype))[1] != 1:
        values = values.astype(f"{values.dtype.kind}8[{unit[0]}]")  # from steps of two hours to hours
    return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))


# Columns of their own meaning, taken where the table has them; what a standard name lacks is the function's to say.
OF_RECORDS = ("provider", "inspection_start", "published", "opened", "closed", "framework", "graded", "known_from", "as_at")


def needed_columns(present: list[str], with_categories: list[str], needed: dict[str, Any], *, of_records: bool) -> list[str]:
    """The columns to take, in the table's order; a name that the table lacks is an error, before anything is read, but for `beside`."""
    wanted = {name for name in with_categories if of_records}
    wanted |= {name for name in present if of_records and (name in OF_RECORDS or snake_case(name) in JUDGEMENTS or looks_near(name))}
    for argument, given in needed.items():
        for name in names(given, argument):
            if name not in present and argument != "beside" and not (of_records and name in OF_RECORDS):
                column(pd.DataFrame(columns=present), name, argument)
            wanted.add(name)
    return [name for name in present if name in wanted]


def names(given: Any, argument: str) -> list[str]:
    """One name or several, as a list without repetition."""
    if given is None:
        return []
    if not isinstance(given, str) and (_is_no_name(given) or not isinstance(given, Iterable)):
        raise TypeError(_no_name(given, argument))
    listed = [given] if isinstance(given, str) else list(given)
    for name in listed:
        if _is_no_name(name):
            raise TypeError(_no_name(name, argument))
        if listed.count(name) > 1:
            raise ValueError(f"{argument} names {name!r} twice")
    return listed


def _is_no_name(given: Any) -> bool:
    return isinstance(given, pd.Grouper | dict) or _are_values(given) or callable(given)


def _are_values(given: Any) -> bool:
    """Whether what was given are the values of a column, of whatever library, and not its name."""
    return bool(getattr(given, "ndim", 0)) or hasattr(given, "__arrow_c_array__") or hasattr(given, "__arrow_c_stream__")


def _no_name(given: Any, argument: str) -> str:
    """What to type in place of something that names no column."""
    of = "framework" if argument == "framework" else "column"
    told = f"{argument} takes the name of a {of}, or a list of names, not {type(given).__name__}"
    if argument != "by":
        return told
    if isinstance(given, pd.Grouper):
        freq = getattr(given, "freq", None)
        return f"{told}; for periods give freq={getattr(freq, 'freqstr', 'YE-AUG')!r} to periods, or a column made with .dt.year"
    if _are_values(given):
        return f"{told}; make a column of it: table.assign(group=...), and by='group'"
    if isinstance(given, dict):
        return f"{told}; make a column of it: table.assign(group=table['...'].map(...)), and by='group'"
    if callable(given):
        name = getattr(given, "__name__", "function")
        return f"{told}; make a column of what it gives: table.assign(group=table['...'].map({name})), and by='group'{_misplaced(given)}"
    if isinstance(given, int):
        return f"{told}; a level of the index becomes a column with table.reset_index()"
    return f"{told}{_misplaced(given)}"


def _misplaced(given: Any) -> str:
    """What was meant by something in the place of `by` that is no column: a hint at the keyword."""
    if is_offset(given):
        return f"; for periods give freq={given!r}"
    if callable(given):
        return "; for a statistic give statistic="
    if isinstance(given, str):
        if parse_date(given) is not None:
            return f"; for a date give date={given!r}"
        if any(given in scale.labels for scale in SCALES):
            return f"; for a grade give grade={given!r}"
        if any(given in (*scale.columns, scale.threshold_column) for scale in SCALES):
            return f"; for a statistic give statistic={given!r}"
        if re.fullmatch(r"\d*[A-Z]{1,4}(-[A-Z]{3})?", given) or given in ("academic", "financial"):
            return f"; for periods give freq={given!r}"
        return ""
    return f"; for a date give date={str(given)!r}" if hasattr(given, "year") or isinstance(given, np.datetime64) else ""


def column(frame: pd.DataFrame, name: str, argument: str) -> pd.Series:
    """The column of that name, or an error that names it, the argument that asked for it and the nearest present ones."""
    present = frame.columns
    if one_name(name, argument) not in present:
        if name in frame.index.names:
            raise MissingColumnError(f"{argument}={name!r} is a level of the table's index; table.reset_index() makes a column of it")
        near = _called_otherwise(present, argument) if name in (DEFAULTS.get(argument), JUDGEMENTS[0]) else []
        if not near:
            by_form = {snake_case(str(other)): str(other) for other in present if not _is_another(other, argument)}
            near = [by_form[form] for form in get_close_matches(snake_case(str(name)), list(by_form), n=3, cutoff=0.5)]
        listed = ", ".join(map(str, present[:20])) + (", ..." if len(present) > 20 else "")
        hint = f"nearest: {', '.join(map(repr, near))}" if near else f"its columns: {listed or 'none'}"
        meant = _misplaced(name) if argument == "by" else ""
        instead = f"{argument}={near[0]!r}" if near else ""
        raise MissingColumnError(f"{argument}={name!r}: the table has no such column; {hint}{meant}", instead)
    values = frame[name]
    if isinstance(values, pd.DataFrame):
        raise ValueError(
            f"{argument}={name!r}: the table has {values.shape[1]} columns of that name; each needs a name of its own "
            "(table.loc[:, ~table.columns.duplicated()] keeps the first)"
        )
    return frames.plain(values)


#: What columns are called that people mean by an argument, by their forms: of several the first that a table has. A name that is alike
#: in its letters alone is offered only where there is none of these.
_CALLED = {
    "provider": (
        r"(^|_)urn$|^unique_(provider_)?reference(_number)?$",
        r"^(provider|school|setting|nursery|college|home|agency|ons|gss|la|lad|local_authority|authority)_?(id|code|number|no|key|reference)$",
        r"^(english_)?(local_authority|authority|la|ltla|utla|council)(_name)?$",
        r"^((provider|school|setting|nursery|college|home|agency)(_name)?|name|laestab)$",
    ),
    "judgement": (r"^overall|_overall$", r"(^|_)(judge?ment|grade|rating|effectiveness)(_|$)"),
    "inspected": (
        r"inspect.*(start|began|first)|(start|first).*inspect",
        r"(inspect|visit).*(date|day|_on$)|(date|day).*(inspect|visit)|(^|_)(inspected|visited)$|^(inspection|visit)$",
        r"^dates?$",
    ),
    "published": (r"publish|publication", r"^report(_date|ed)$|^date_of_(the_)?report$"),
}


def _called_otherwise(present: Iterable[Any], argument: str) -> list[str]:
    """The columns that may be what an argument names, by what such columns are called; at most three."""
    for pattern in _CALLED.get(argument, ()):
        if found := [str(other) for other in present if re.search(pattern, _form(other))]:
            return found[:3]
    return []


def _is_another(name: Any, argument: str) -> bool:
    """Whether a column is called as what another argument names, and not as what this one does."""
    if argument not in _CALLED or argument == "judgement" or _called_otherwise([name], argument):
        return False
    return is_called_as_judgement(name) or any(_called_otherwise([name], other) for other in _CALLED)


def numbers(values: pd.Series, told: str, right: str) -> np.ndarray:
    """A column of numbers as float64, missing ones NaN; a value that is none is an error that names its row and what is right."""
    try:
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        for row, value in enumerate(values):
            try:
                float(np.nan if value is pd.NA or value is None else value)
            except (TypeError, ValueError):
                raise RowError(f"{told}, ", row, f": {value!r} is no number; {right}", value=value) from None
        raise ValueError(f"{told}: {error}; {right}") from None


# ---- a column that is nearly there is not absent

#: Words in a column's name that make it nearly a standard one, by the argument that would name it.
_NEAR = {
    "published": re.compile(
        r"publi(sh|c)|(^|_)pub(_|$)|(^|_)pub_?date|^(date_(of_)?(the_)?)?report(ed)?(_(date|day|on|issued|out))$|^date_of_(the_)?report$"
    ),
    "inspected": re.compile(r"inspect|(^|_)insp(_|$)|(^|_)visit(ed)?(_|$)|^(date_)?start(ed|s)?(_?(date|dt|day|on))?$"),
    "opened": re.compile(r"(^|_)(date_?)?open(ed|ing)?(_?(date|dt|day|on))?(_|$)"),
    "closed": re.compile(r"(^|_)(date_?)?(clos(e|ed|ing|ure)|ceased|cessation|resigned|deregist(ered|ration))(_?(date|dt|day|on))?(_|$)"),
    "graded": re.compile(r"^((is|was)_)?(graded(_inspection)?|full_inspection)(_(y_n|yes_no|flag))?$|^isgraded$"),
    "framework": re.compile(r"^(inspection_)?framework"),
}
#: Words that say that a date is of something else.
_OF_ANOTHER = re.compile(r"previous|prior|next|end(ed)?(_|date|$)|penultimate|number|(?<!de)register")
#: Words for true and false, in the form in which words are compared.
_TRUE, _FALSE = ("true", "yes", "y", "1"), ("false", "no", "n", "0")
#: Where a new word begins in a name without spaces: "CloseDate".
_NEW_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

#: Columns that no argument names: they tell what the table knows.
_OF_WHOLE_TABLES = ("known_from", "as_at")

DEFAULTS = Columns().needed()


@lru_cache(4096, typed=True)
def _form(name: Any) -> str:
    """A name in the form in which names are compared, whatever its case, spaces and underscores: "CloseDate" becomes "close_date"."""
    return snake_case(_NEW_WORD.sub("_", str(name)))


def looks_near(name: Any) -> bool:
    """Whether a column may be one of the optional standard ones under another name."""
    form = _form(name)
    return name not in STANDARD and (form in _OF_WHOLE_TABLES or any(pattern.search(form) for pattern in _NEAR.values()))


def refuse_otherwise_written(frame: pd.DataFrame) -> None:
    """Refuse a table whose column that tells what it knows is written otherwise, as a spreadsheet's heading: "Known from"."""
    for name in _OF_WHOLE_TABLES:
        if name in frame.columns:
            continue
        for other in frame.columns:
            if _form(other) == name and _is_of_kind(frame[other], "published"):
                cure = f"rename it, as with table.rename(columns={{{other!r}: {name!r}}})"
                raise MissingColumnError(
                    f"the table has no column {name!r}, but {other!r}: {cure}, so that it is known what the table can tell, or say "
                    "incomplete='allow'"
                )


def near_framework(present: Iterable[Any]) -> Any:
    """The column that may be that of frameworks where none is called so; None where there is none."""
    present = list(present)
    return None if "framework" in present else next((name for name in present if is_near(name, "framework", "framework")), None)


def optional(frame: pd.DataFrame, name: str | None, argument: str, of: str = "table") -> pd.Series | None:
    """A column that a function can do without; None where it is not there. `of` is what the table is, for messages.

    A name that the user gave must be there. Where a standard name is not, a column or index level of nearly that name with values of
    the right kind is an error: it was probably meant. ``None`` in place of a name says: without.
    """
    if name is None:
        return None
    if name in frame.columns:
        return column(frame, name, argument)
    if name != DEFAULTS[argument]:
        return column(frame, name, argument)
    for level in frame.index.names:
        if level is not None and (level == name or is_near(level, name, argument)):
            raise MissingColumnError(
                f"the {of} has no column {name!r}, but a level {level!r} of its index: {of}.reset_index() makes a column of it; "
                f"{argument}=None does without"
            )
    for other in frame.columns:
        if is_near(other, name, argument) and _is_of_kind(frame[other], argument):
            raise MissingColumnError(
                f"the {of} has no column {name!r}, but one that looks like it: {other!r}. Give {argument}={other!r} to use it, or "
                f"{argument}=None to do without",
                f"{argument}={other!r}",
            )
    return None


def same_name(one: Any, other: Any) -> bool:
    """Whether two names differ in case, spaces and underscores alone."""
    return bool(form := _form(one)) and form == _form(other)


def refuse_near_date(frame: pd.DataFrame, name: str, which: str) -> None:
    """Refuse a table that lacks a standard column of dates, or of yes and no, and calls one nearly so; `which` table, the error says."""
    argument = next((argument for argument, standard in DEFAULTS.items() if standard == name), "provider")
    if argument == "provider" or name in frame.columns:
        return
    for other in frame.columns:
        if is_near(other, name, argument) and _is_of_kind(frame[other], argument):
            cure = f".rename(columns={{{other!r}: {name!r}}})"
            raise MissingColumnError(f"{which} has no column {name!r}, but {other!r}: rename it, as with {cure}, or leave it out")


def is_near(other: Any, name: str, argument: str) -> bool:
    """Whether a column of another name may be the standard one that an argument names."""
    if not isinstance(other, str) or other in STANDARD or other in JUDGEMENTS:
        return False
    form = _form(other)
    if form == name or get_close_matches(form, [name], n=1, cutoff=0.88):
        return True
    return bool(_NEAR[argument].search(form)) and not _OF_ANOTHER.search(form)


def _is_of_kind(values: Any, argument: str) -> bool:
    """Whether the values could be what the argument names: dates, of which a few hundred tell, or true and false and words for them."""
    if isinstance(values, pd.DataFrame):
        return True
    known = values.dropna()
    if argument == "graded":
        words = {normal_form(str(value)) for value in known.unique().tolist()}
        return len(known) > 0 and words <= {*_TRUE, *_FALSE, "1.0", "0.0"}
    if known.dtype.kind in "iufb" and not isinstance(known.dtype, pd.DatetimeTZDtype):
        return False
    some = known.iloc[:300]
    try:
        return len(some) > 0 and bool((days_of(frames.plain(some), "") != NO_DAY).any())
    except (ValueError, TypeError):
        return isinstance(known.dtype, pd.DatetimeTZDtype)


# ---- grades


def grade_codes(frame: pd.DataFrame, judgement: str, scale: GradeScale | None) -> tuple[np.ndarray, GradeScale]:
    """Grade codes (int8, worst 0, missing -1) of a judgement, and its scale; codes of a Categorical are not copied."""
    return grade_codes_of(column(frame, judgement, "judgement"), judgement, scale)


def grade_codes_of(values: Any, name: str, scale: GradeScale | None) -> tuple[np.ndarray, GradeScale]:
    """The same of values that are called so."""
    if isinstance(values, pd.Series):
        values = as_words(values)
    if scale is None:
        scale = infer_scale(values)
    return np.asarray(grades(values, scale, column=name).codes), scale


def word_codes(frame: pd.DataFrame, judgement: str, scale: GradeScale | None) -> tuple[np.ndarray, np.ndarray | None, GradeScale] | None:
    """Codes of a judgement as it lies, the grade code of each word, and the scale; None where it has no words of its own.

    So rows are counted by word, and the few counts are moved to grades in place of the rows. Where the words are those of the scale, from
    worst to best, the codes are grade codes, and None stands in place of these.
    """
    values = as_words(column(frame, judgement, "judgement"))
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return None
    codes, known = np.asarray(values.array.codes), scale_of_dtype(values.dtype)
    if known is not None and (scale is None or scale.labels == known.labels):
        return codes, None, known if scale is None else scale
    if scale is None:
        scale = infer_scale(values)
    return codes, codes_of_words(values.dtype.categories.tolist(), scale), scale


def with_words(frame: pd.DataFrame, named: Iterable[str | None], encoded: Encoded = NOTHING) -> pd.DataFrame:
    """The table with these columns of text as words, so that whoever looks at their grades after one another encodes none again."""
    words = {}
    for name in named:
        if name in frame.columns and name not in words and isinstance(values := frame[name], pd.Series):
            found = as_words(frames.plain(values), encoded)
            if found is not values:
                words[name] = found
    if words:
        frame = frame.copy(deep=False)
        for name, values in words.items():
            frame[name] = values
    return frame


def scale_of_words(words: list[Any], scale: GradeScale | None) -> GradeScale | None:
    """The scale, the one asked for or a known one, whose grades the words are from worst to best: codes of such words are its codes."""
    return next((one for one in (SCALES if scale is None else (checked(scale),)) if words == [*reversed(one.labels)]), None)


def judgement_columns(frame: pd.DataFrame, named: Sequence[str] = ()) -> list[str]:
    """The columns that hold judgements: those named, those whose dtype is of a scale, and standard names that hold grades only.

    A column with a standard name whose values are no grades of one scale is left out, with a `NotAJudgementWarning`.
    """
    found, no_grades = judgements_and_others(frame, named)
    warn_of_no_grades(no_grades)
    return list(found)


def is_called_as_judgement(name: Any) -> bool:
    """Whether a column has the name of a judgement, however it is spelt."""
    return isinstance(name, str) and snake_case(name) in JUDGEMENTS


def judgements_and_others(frame: pd.DataFrame, named: Sequence[str] = ()) -> tuple[dict[str, pd.Series], dict[str, pd.Series]]:
    """The same with their values, text as words: a column is encoded once. And those of which only the name is that of a judgement."""
    found, no_grades = {}, {}
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if name in named or scale_of_dtype(dtype) is not None:
            found[name] = as_words(column(frame, name, "judgement"))
        elif is_called_as_judgement(name):
            values = as_words(column(frame, name, "judgement"))
            if getattr(values.dtype, "ordered", False) or fitting_scale(values) is not None:  # what is ordered is a scale itself
                found[name] = values
            else:
                no_grades[name] = values
    return found, no_grades


#: What becomes of a column that has the name of a judgement and no grades, and what to do.
LEFT_OUT = "it is left out; name it with judgement= or having= if it is one, or rename it"


def warn_of_no_grades(columns: Mapping[str, pd.Series], of: str = "", then: str = LEFT_OUT) -> None:
    """Warn of columns with the name of a judgement that are left out. `of` says of which table, whose rows are the user's then."""
    for name, values in columns.items():
        row, example = _example(values)
        where = f" (row {row})" if of and row is not None else ""
        warn(
            f"{of}column {name!r} has the name of a judgement, but {example} is no grade{where}, so {then}",
            NotAJudgementWarning,
        )


def _example(values: pd.Series) -> tuple[int | None, str]:
    """The first value that is no grade of any scale, and its row; else some that are not of one scale together."""
    known = values.dropna().unique().tolist()
    if not (no_grades := [value for value in known if fitting_scale(pd.Series([value], dtype=object)) is None]):
        return None, f"{known[:4]} together"
    return int(np.argmax(values.isin(no_grades[:1]))), repr(no_grades[0])


def has_grade(values: pd.Series, scale: GradeScale | None = None) -> np.ndarray:
    """Where a judgement column holds a grade, of the scale that is given or of that which its values tell."""
    if scale is None and scale_of_dtype(values.dtype) is not None:
        return np.asarray(values.array.codes) >= 0
    values = as_words(values)
    scale = infer_scale(values) if scale is None else checked(scale)
    if isinstance(values.dtype, pd.CategoricalDtype) and (codes_of_words(values.dtype.categories.tolist(), scale) >= 0).all():
        return np.asarray(values.array.codes) >= 0  # each word is a grade
    return np.asarray(grades(values, scale, column=str(values.name)).codes) >= 0


#: Judgements with their scales, where none is asked for.
NO_JUDGEMENTS: Mapping[str, GradeScale | None] = MappingProxyType({})


def _to_true(said: pd.Series, name: str) -> str:
    """How a column of words for true and false becomes one of them; empty where the words are others."""
    by_form = {normal_form(str(word)): word for word in said.unique().tolist()}
    if not by_form.keys() <= {*_TRUE, *_FALSE} or (true := next((by_form[word] for word in _TRUE if word in by_form), None)) is None:
        return ""
    return f": table[{name!r}] = table[{name!r}] == {true!r}"


def check_true_or_false(said: pd.Series, name: str) -> None:
    """Refuse a column of whether inspections are graded that holds anything else than true and false."""
    if not set(said.unique().tolist()) <= {True, False}:
        raise ValueError(f"column {name!r} holds {said.unique().tolist()[:5]}; it is true or false{_to_true(said, name)}")


def graded_rows(
    frame: pd.DataFrame, graded: str | None = "graded", judgements: Mapping[str, GradeScale | None] = NO_JUDGEMENTS
) -> np.ndarray:
    """Which inspections are graded: `graded` says so; without that column, any grade in any judgement column.

    `judgements` are among them, each on the scale that stands beside it, or None where its values tell it.
    """
    if (said := optional(frame, graded, "graded")) is not None:
        if said.isna().any():
            raise RowError(f"column {graded!r}, ", np.argmax(said.isna()), ": neither true nor false", str(graded))
        check_true_or_false(said, str(graded))
        return said.to_numpy(dtype=np.bool_)
    held, no_grades = judgements_and_others(frame, [*judgements])
    if not held:
        for name, values in no_grades.items():
            if len(known := values.dropna().unique()) and any(fitting_scale(pd.Series([value], dtype=object)) for value in known):
                grades(values, infer_scale(values), column=name)  # its error names the value that is no grade
        first = {name: values.dropna().iloc[0] for name, values in no_grades.items() if values.notna().any()}
        also = "".join(f"; column {name!r} holds no grade (its first value is {value!r})" for name, value in first.items())
        raise MissingColumnError(
            "nothing tells which inspections are graded: the table has neither a column 'graded' nor one with the name of a judgement and "
            f"grades (its columns: {', '.join(map(str, frame.columns))}{also}); "
            "rename one to 'overall_effectiveness', or name it with having="
        )
    warn_of_no_grades(no_grades)
    found = np.zeros(len(frame), dtype=np.bool_)
    for name, values in held.items():
        found |= has_grade(values, judgements.get(name))
    return found
