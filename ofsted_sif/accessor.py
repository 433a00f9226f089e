"""The pandas accessor ``df.sif``: every table function as a method.

The methods are made from the functions: their docstrings and signatures are the functions' own, without the table.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from ofsted_sif import (
    aggregation,
    change,
    comparison,
    decomposition,
    design,
    durations,
    in_year,
    plot,
    reading,
    resampling,
    small_groups,
    snapshots,
    standardisation,
    states,
    trends,
    two_dates,
)

P = ParamSpec("P")
R = TypeVar("R")


def _method(function: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """The function as a method of an object that holds its table."""

    @functools.wraps(function)
    def method(self: Any, *args: P.args, **kwargs: P.kwargs) -> R:
        return function(self._table, *args, **kwargs)

    signature = inspect.signature(function)
    table, *others = signature.parameters.values()
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    method.__signature__ = signature.replace(parameters=[this, *others])  # type: ignore[attr-defined]
    method.__doc__ = _without(table.name, function.__doc__ or "")
    return method  # type: ignore[return-value]


def _without(parameter: str, text: str) -> str:
    """A docstring without the entry of one parameter, be it alone or the first of several (indented, but from Python 3.13 on)."""
    alone = rf"^( *){parameter} : .*\n(?:\1 +.*\n)*"
    return re.sub(rf"^( *){parameter}, (?=.*\n\1 )", r"\1", re.sub(alone, "", text, count=1, flags=re.M), count=1, flags=re.M)


class _Plots:
    """Pictures of this table: `ofsted_sif.plot`."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table

    changes = _method(plot.changes)
    decomposition = _method(plot.decomposition)
    forest = _method(plot.forest)
    funnel = _method(plot.funnel)
    hex_map = _method(plot.hex_map)
    history = _method(plot.history)
    series = _method(plot.series)
    shares = _method(plot.shares)
    states = _method(plot.states)
    survival = _method(plot.survival)


class Accessor:
    """The functions of ofsted_sif on this table: ``df.sif.as_at("2024-03-31").sif.aggregate("region")``."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table

    aggregate = _method(aggregation.aggregate)
    as_at = _method(snapshots.as_at)
    change_between = _method(two_dates.change_between)
    change_summary = _method(change.change_summary)
    changes = _method(change.changes)
    combine = _method(reading.combine)
    compare = _method(comparison.compare)
    decompose = _method(decomposition.decompose)
    design_matrix = _method(design.design_matrix)
    explain = _method(snapshots.explain)
    first = _method(snapshots.first)
    logrank = _method(durations.logrank)
    median_time_to = _method(durations.median_time_to)
    overdispersion = _method(small_groups.overdispersion)
    periods = _method(in_year.periods)
    reconcile = _method(reading.reconcile)
    resample = _method(resampling.resample)
    series = _method(snapshots.series)
    shrink = _method(small_groups.shrink)
    spells = _method(durations.spells)
    standardise = _method(standardisation.standardise)
    state_probabilities = _method(states.state_probabilities)
    time_to = _method(durations.time_to)
    transitions = _method(change.transitions)
    trend = _method(trends.trend)

    @property
    def plot(self) -> _Plots:
        """Pictures of this table."""
        return _Plots(self._table)
