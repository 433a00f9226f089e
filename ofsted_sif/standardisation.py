"""Shares as they would be if all groups had the same mix: direct standardisation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.intervals import interval_of
from ofsted_sif.scales import GradeScale
from ofsted_sif.table.columns import as_frame, column, grade_codes, names
from ofsted_sif.table.frames import same_kind
from ofsted_sif.table.groups import groups
from ofsted_sif.table.result import result

__all__ = ["standardise"]


@same_kind
def standardise(
    table: Any,
    by: str | Sequence[str] | None = None,
    *,
    strata: str | Sequence[str],
    reference: Any = None,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    threshold: str | None = None,
    level: float = 0.95,
    observed: bool = True,
) -> pd.DataFrame:
    """Compute the share that meets the threshold in each group if all groups had the same mix of types.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        The rows to count: providers as `as_at` gives them.
    by : str or sequence of str, optional
        Columns that make the groups, as for `aggregate`.
    strata : str or sequence of str
        The columns whose mix is to be the same, such as the type of provider or its size. A missing label is a stratum of its own.
    reference : mapping, Series or table, optional
        The mix. By default that of all rows with a grade. Else the weight of each stratum, 0 or more, in any unit: for one column of
        `strata` a mapping of label to weight or a Series by label; for several a table of these columns and one more, the weight.
    judgement, scale, threshold, observed
        As for `aggregate`, but for one judgement, whose scale has a threshold.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    DataFrame
        One row per group:

        ===================  =======  ==================================================================
        column               dtype    meaning
        ===================  =======  ==================================================================
        columns of `by`               as in the table; a missing label last
        n                    int64    rows
        n_judged             int64    rows with a grade
        good_or_outstanding  int64    rows that meet the threshold, which names the column
        share                float64  good_or_outstanding / n_judged
        share_standardised   float64  the share with the mix of the reference
        lower, upper         float64  its bounds
        n_eff                float64  how many rows without strata would tell as much
        n_strata_empty       int64    strata of the reference in which the group has no row with a grade
        weight_empty         float64  their part of the reference
        ===================  =======  ==================================================================

        Where a stratum is empty the standardised share can't be told: it is NaN, and so are its bounds.

    Raises
    ------
    ValueError
        For a scale without a threshold; missing columns; a reference that lacks a stratum of the table (give it the weight 0 to leave it
        out), names one twice, or has weights that are negative, missing or all 0.

    Notes
    -----
    With x of n good enough in stratum j of the group, p = x/n and weights w that add up to 1, share_standardised is Σ w p,
    n_eff = 1 / Σ (w²/n) [1]_, and the bounds are Wilson's of so many rows with that share. They hold the truth in 94% to 97% of cases;
    those of Dobson, which public health uses for rates of rare events, are 2 to 5 times as wide for shares and leave [0, 1].

    References
    ----------
    .. [1] Kish, L. (1965). Survey Sampling. Wiley.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> homes = {"region": ["North"] * 4 + ["South"] * 4, "kind": ["home", "home", "home", "agency", "home", "agency", "agency", "agency"]}
    >>> homes["overall_effectiveness"] = ["Good", "Inadequate", "Inadequate", "Good", "Inadequate", "Good", "Good", "Inadequate"]
    >>> sif.standardise(homes, "region", strata="kind")[["share", "share_standardised"]].round(2).to_numpy().tolist()
    [[0.5, 0.67], [0.5, 0.33]]
    """
    listed = names(strata, "strata")
    if not listed:
        raise ValueError("strata names no column")
    frame = as_frame(table, by=by, strata=strata, judgement=judgement)
    codes, scale = grade_codes(frame, judgement, scale)
    scale = scale.with_threshold(threshold)
    if scale.threshold_column is None:
        raise ValueError(f"judgement={judgement!r}: the scale {scale.name} has no threshold that would say which grades are good enough")
    for name in listed:
        column(frame, name, "strata")
    group, size, labels = groups(frame, by, observed=observed).without_missing_codes(len(frame))
    stratum, n_strata, of_strata = groups(frame, listed).without_missing_codes(len(frame))
    judged = codes >= 0
    good = scale.meets_threshold(codes)
    cell = group.astype(np.int64) * n_strata + stratum
    n_of, good_of = (np.bincount(cell[rows], minlength=size * n_strata).reshape(size, n_strata) for rows in (judged, judged & good))
    weight, missing_weight, n_missing = _weights(reference, listed, of_strata, n_of.sum(axis=0))

    n_judged, n_good = n_of.sum(axis=1), good_of.sum(axis=1)
    empty = (n_of == 0) & (weight > 0)
    is_whole = ~empty.any(axis=1) & (n_missing == 0) & (weight.sum() > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(is_whole, np.where(weight > 0, weight * good_of / n_of, 0).sum(axis=1), np.nan)
        n_eff = np.where(is_whole, 1 / np.where(weight > 0, weight**2 / n_of, 0).sum(axis=1), np.nan)
        crude = n_good / n_judged
    bounds = np.full((2, size), np.nan)
    bounds[:, is_whole] = interval_of(np.clip(share[is_whole], 0, 1) * n_eff[is_whole], n_eff[is_whole], level=level)
    data = {
        "n": np.bincount(group, minlength=size),
        "n_judged": n_judged,
        scale.threshold_column: n_good,
        "share": crude,
        "share_standardised": share,
        "lower": bounds[0],
        "upper": bounds[1],
        "n_eff": n_eff,
        "n_strata_empty": empty.sum(axis=1) + n_missing,
        "weight_empty": np.where(empty, weight, 0).sum(axis=1) + missing_weight,
    }
    return result(labels, data)


def _weights(reference: Any, strata: list[str], labels: dict[str, Any], n_judged: np.ndarray) -> tuple[np.ndarray, float, int]:
    """The weight of each stratum of the table, that of strata which the table has not, and how many those are; they add up to 1."""
    if reference is None:
        total = n_judged.sum()
        return n_judged / max(1, total), 0.0, 0
    given = _given(reference, strata)
    keys = list(zip(*(_plain(labels[name]) for name in strata), strict=True))
    for key, n in zip(keys, n_judged.tolist(), strict=True):
        if key not in given and n:
            raise ValueError(
                f"reference has no weight for the stratum {_told(strata, key)}, where {n} rows are judged; the weight 0 leaves it out"
            )
    total = sum(given.values())
    absent = [weight for key, weight in given.items() if key not in keys and weight > 0]
    return np.array([given.get(key, 0.0) for key in keys]) / total, sum(absent) / total, len(absent)


def _given(reference: Any, strata: list[str]) -> dict[tuple[Any, ...], float]:
    """The weights by stratum, checked."""
    if isinstance(reference, Mapping) and all(np.ndim(value) == 0 for value in reference.values()):
        reference = pd.Series(reference)
    if isinstance(reference, pd.Series):
        if len(strata) > 1:
            raise ValueError(
                f"strata={strata} names several columns: give reference= as a table of these columns and one column of weights"
            )
        reference = pd.DataFrame({strata[0]: reference.index, "weight": reference.to_numpy()})
    frame = as_frame(reference)
    for name in strata:
        column(frame, name, "reference")
    others = [name for name in frame.columns if name not in strata]
    if len(others) != 1:
        raise ValueError(f"reference has {len(others)} columns beside {strata}, {others}; it has one, of weights")
    given: dict[tuple[Any, ...], float] = {}
    weights = column(frame, others[0], "reference").to_numpy(dtype=np.float64, na_value=np.nan)
    for key, weight in zip(zip(*(_plain(frame[name]) for name in strata), strict=True), weights.tolist(), strict=True):
        if not (weight >= 0 and math.isfinite(weight)):
            raise ValueError(f"reference: the weight of {_told(strata, key)} is {weight}; it is a number, 0 or more")
        if key in given:
            raise ValueError(f"reference names the stratum {_told(strata, key)} twice")
        given[key] = weight
    if not sum(given.values()) > 0:
        raise ValueError("reference: all weights are 0")
    return given


def _plain(labels: Any) -> list[Any]:
    """Labels as Python's values, None where they are missing."""
    return [None if missing else label for label, missing in zip(pd.Series(labels).tolist(), pd.isna(labels), strict=True)]


def _told(strata: list[str], key: tuple[Any, ...]) -> str:
    return ", ".join(f"{name}={label!r}" for name, label in zip(strata, key, strict=True))
