"""What may stand in a layout of one's own: a word that no layout knows, or a value of another kind, is an error and is not passed over."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from ofsted_sif.scales import GradeScale, normal_form


class _Value(NamedTuple):
    """A kind of value: what is said of it, and what tells whether a value is one."""

    told: str
    fits: Callable[[Any], bool]


def _is_list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_day(value: Any) -> bool:
    """Whether a value is a date, or the text of one as 1900-01-01."""
    try:
        return isinstance(value, datetime.date) or bool(datetime.date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _one_of(*known: Any) -> _Value:
    told = [str(one).lower() if isinstance(one, bool) else repr(one) for one in known]
    return _Value(
        f"one of {', '.join(told)}", lambda value: any(value is one or (value == one and isinstance(value, str)) for one in known)
    )


_TEXT = _Value("a text", _is_text)
_TEXTS = _Value('a list of texts, as ["Good", "Fine"]', _is_list_of(_is_text))
_YES_OR_NO = _one_of(True, False)
_DAY = _Value("a date, as 1900-01-01", _is_day)
_EACH = "*"  # stands for any name
_COLUMNS = {_EACH: _TEXTS}
#: What may stand in a layout; a list has tables of its one kind.
_LAYOUT: dict[str, Any] = {
    "name": _TEXT,
    "about": _TEXT,
    "like": _TEXT,
    "kind": _one_of("latest", "in year", "history"),
    "year": _one_of("financial", "academic", ""),
    "whole": _YES_OR_NO,
    "framework": _TEXT,
    "graded": _YES_OR_NO,
    "short_years": _YES_OR_NO,
    "providers": _one_of("local authorities"),
    "unknown_dates": _Value("a list of dates, as [1900-01-01]", _is_list_of(_is_day)),
    "recognise": {
        "header": _Value('a list of lists of texts, as [["URN"], ["Grade", "Mark"]]', _is_list_of(_TEXTS.fits)),
        "without": _TEXTS,
        "says": _TEXT,
    },
    "columns": _COLUMNS,
    "inspection": [
        {
            "name": _TEXT,
            "framework": _TEXT,
            "inspection_type": _TEXT,
            "graded": _YES_OR_NO,
            "previous": _YES_OR_NO,
            "columns": _COLUMNS,
        }
    ],
    "event": [
        {
            "words": _TEXTS,
            "inspection_type": _TEXT,
            "framework": _TEXT,
            "graded": _one_of(True, False, "where overall"),
            "means": {_EACH: _TEXT},
        }
    ],
    "grades": {_EACH: {_EACH: _TEXTS}},
    "outcomes": {_EACH: _TEXTS},
    "words": {"no_grade": _TEXTS, "missing": _TEXTS, "not_inspected": _TEXTS},
    "scales": {_EACH: _TEXT},
    "framework_by_date": [{"framework": _TEXT, "from": _DAY, "to": _DAY}],
}
_NEEDED = ("name", "about", "recognise")


def check_names(said: Mapping[str, Any]) -> None:
    """Refuse a file that says what no layout knows, or says it in another form."""
    _check(said, _LAYOUT, "")


def check_whole(said: Mapping[str, Any], judgements: Mapping[str, GradeScale], scales: Mapping[str, GradeScale]) -> None:
    """Refuse a layout that lacks what each has, or speaks of judgements, scales or grades that there are none of.

    `judgements` are all that there are, with their usual scales.
    """
    lacking = [name for name in _NEEDED if name not in said]
    if lacking or "header" not in said["recognise"]:
        raise ValueError(f'it lacks {", ".join(lacking) or "recognise.header"}; like = "..." takes the rest from another layout')
    of = dict(judgements)
    for judgement, scale in said.get("scales", {}).items():
        of[_check_known(judgement, judgements, "scales")] = scales[_check_known(scale, scales, f"scales.{judgement}")]
    for judgement, words in said.get("grades", {}).items():
        labels = of[_check_known(judgement, judgements, "grades")].labels
        if unknown := [label for label in words if normal_form(label) not in map(normal_form, labels)]:
            raise ValueError(f"grades.{judgement}: {unknown[0]!r} is no grade; those are {', '.join(labels)}")


def _check(value: Any, kind: Any, where: str) -> None:
    if isinstance(kind, _Value):
        if not kind.fits(value):
            raise ValueError(f"{where} = {value!r} is not {kind.told}")
    elif isinstance(kind, list):
        if not isinstance(value, list):
            raise ValueError(f"{where} is written [[{where}]], once for each")
        for one in value:
            _check(one, kind[0], where)
    elif not isinstance(value, dict):
        raise ValueError(f"{where} = {value!r} is not a table, as [{where}]")
    else:
        for name, inner in value.items():
            if _EACH not in kind:
                _check_known(name, kind, where)
            _check(inner, kind.get(name, kind.get(_EACH)), f"{where}.{name}" if where else name)


def _check_known(name: str, known: Mapping[str, Any], where: str) -> str:
    """The name, or an error that has the nearest of those known."""
    if name not in known:
        near = get_close_matches(name, known, n=1)
        meant = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
        raise ValueError(f"{f'{where}: ' if where else ''}{name!r} is nothing that a layout knows; {meant}")
    return name
