"""Labels that a reader takes for one: "North" and "north ", 1 and "1". They are groups of their own, and that is said."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.errors import AlikeLabelsWarning, warn
from ofsted_sif.scales import normal_form

MOST_LABELS = 2_000  # of more no reader sees two beside one another, and to look at them takes its time
_MOST_TOLD = 3


def warn_of_alike(labels: Mapping[str, Any]) -> None:
    """Warn where labels of a column of groups differ in case and spaces alone, or in being text or a number."""
    for name, of in labels.items():
        _look_at(name, of)


def _look_at(name: str, labels: Any) -> None:
    listed = _listed(labels)
    if not (alike := _alike(listed)):
        return
    if isinstance(labels, pd.Categorical):  # of the categories those that occur
        used = set(np.unique(labels.codes).tolist())
        alike = _alike(tuple(label for code, label in enumerate(listed) if code in used))
    if alike:
        told, more = alike[:_MOST_TOLD], f", and {len(alike) - _MOST_TOLD:,} more" if len(alike) > _MOST_TOLD else ""
        as_first = {label: first for first, *others in map(_best_first, told) for label in others}
        warn(
            f"by={name!r}: labels that look alike are groups of their own: {'; '.join(' and '.join(map(repr, of)) for of in told)}{more}. "
            f"Where they mean the same, write them alike: table[{name!r}] = table[{name!r}].astype(object).replace({as_first!r})",
            AlikeLabelsWarning,
        )


def _best_first(alike: tuple[Any, ...]) -> list[Any]:
    """Labels that look alike, first one that is text without spaces too many, where there is one."""
    return sorted(alike, key=lambda label: not isinstance(label, str) or label != " ".join(label.split()))


def _listed(labels: Any) -> tuple[Any, ...]:
    """The labels; none where they are numbers or dates, no two of which look alike, or too many."""
    if hasattr(labels, "to_pylist"):
        return _listed_by_arrow(labels) if len(labels) <= MOST_LABELS else ()
    of = labels.categories if isinstance(labels, pd.Categorical) else labels
    if len(of) > MOST_LABELS or isinstance(of, list):  # a list is the result's own column
        return ()
    return () if of.dtype.kind in "iufMmb" else tuple(of.tolist())


def _listed_by_arrow(labels: Any) -> tuple[Any, ...]:
    """The same of an array of Arrow, by way of NumPy, which lists them sooner."""
    if hasattr(labels, "dictionary"):
        words = _listed_by_arrow(labels.dictionary)
        return tuple(words[place] for place in labels.indices.drop_null().to_numpy().tolist())
    plain = labels.cast("large_string") if str(labels.type) == "string_view" else labels
    return tuple(plain.to_numpy(zero_copy_only=False).tolist())


def _alike(labels: tuple[Any, ...]) -> tuple[tuple[Any, ...], ...]:
    """Which labels look alike, those that do together."""
    # With the kind of each: to a cache 1 and True are the same label.
    return _told(labels, tuple(map(type, labels))) if labels else ()


@lru_cache(64)
def _told(labels: tuple[Any, ...], _: tuple[type, ...]) -> tuple[tuple[Any, ...], ...]:
    by_form: dict[str, dict[Any, None]] = {}
    for label in labels:
        if label is not None and label is not pd.NA and label == label:
            by_form.setdefault(_form(label), {})[label] = None
    return tuple(tuple(of) for of in by_form.values() if len(of) > 1)


def _form(label: Any) -> str:
    if isinstance(label, str):
        return normal_form(label)
    return str(int(label)) if isinstance(label, float | np.floating) and label == label // 1 else normal_form(str(label))
