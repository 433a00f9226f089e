"""Aggregates Ofsted's inspection judgements and computes trends over them, exactly and fast.

>>> import ofsted_sif as sif
>>> today = sif.as_at(sif.load_inspections(), "2026-08-24", framework="all", having="overall_effectiveness")
>>> int(sif.aggregate(today)["good_or_outstanding"].iloc[0])
111
"""

from typing import TYPE_CHECKING, Any

import pandas as pd

try:
    from ofsted_sif import _core as _core
except ImportError as error:
    from importlib.util import find_spec

    if find_spec("ofsted_sif._core") is not None:  # it is there, and says itself why it does not load
        raise
    raise ImportError(
        "the compiled part of ofsted_sif is missing. If this is a checkout of its source, type `python3 -m pip install -e .` in it "
        f"first; else reinstall the package ({error})"
    ) from error

from ofsted_sif import counts
from ofsted_sif._version import __version__
from ofsted_sif.aggregation import aggregate
from ofsted_sif.datasets import load_hex_map, load_inspections, load_local_authorities, release, releases
from ofsted_sif.errors import (
    BeyondDataWarning,
    FrameworkMissingWarning,
    GradesNotTakenWarning,
    IncompleteHistoryError,
    IncompleteHistoryWarning,
    MissingColumnError,
    NotAJudgementWarning,
    OlderReleaseWarning,
    PooledFrameworksWarning,
    RowError,
    SelectedPairsWarning,
    SharedProvidersWarning,
)
from ofsted_sif.installed import show_versions
from ofsted_sif.intervals import percent, proportion_interval
from ofsted_sif.scales import EFFECTIVE, FOUR_POINT, MET, REPORT_CARD, GradeScale, grades
from ofsted_sif.snapshots import as_at, explain, first, series
from ofsted_sif.table import frames as _frames

if TYPE_CHECKING:
    from ofsted_sif import plot
    from ofsted_sif.batches import scan
    from ofsted_sif.change import change_summary, changes, transitions
    from ofsted_sif.comparison import compare
    from ofsted_sif.decomposition import decompose
    from ofsted_sif.durations import logrank, median_time_to, spells, time_to
    from ofsted_sif.in_year import periods
    from ofsted_sif.reading import ReadingError, ReadingReport, combine, list_sheets, read_inspections, reading_report, reconcile
    from ofsted_sif.resampling import resample
    from ofsted_sif.small_groups import overdispersion, shrink
    from ofsted_sif.sources import fetch, fetch_history, history_of, list_published, read_register
    from ofsted_sif.standardisation import standardise
    from ofsted_sif.states import state_probabilities
    from ofsted_sif.trends import trend
    from ofsted_sif.two_dates import change_between
    from ofsted_sif.workbook import to_excel


def _accessor(table: Any) -> Any:
    """What ``df.sif`` is; its methods are loaded when it is first asked for."""
    from ofsted_sif.accessor import Accessor

    return Accessor(table)


pd.api.extensions.register_dataframe_accessor("sif")(_accessor)


def _scan(source: Any) -> Any:
    """Open a path, dataset, relation or Dask DataFrame; what reads by batches is loaded when it is first asked for."""
    from ofsted_sif.batches import scan

    return scan(source)


_frames.register_batches(_scan)


# What most sessions do not need is loaded when it is first asked for, so that the import stays light: name -> module.
_LATER = {
    **dict.fromkeys(["change_summary", "changes", "transitions"], "change"),
    "change_between": "two_dates",
    "compare": "comparison",
    "decompose": "decomposition",
    **dict.fromkeys(["logrank", "median_time_to", "spells", "time_to"], "durations"),
    **dict.fromkeys(["ReadingError", "ReadingReport", "list_sheets", "read_inspections", "reading_report"], "reading"),
    **dict.fromkeys(["combine", "reconcile"], "reading"),
    "periods": "in_year",
    "resample": "resampling",
    "scan": "batches",
    **dict.fromkeys(["overdispersion", "shrink"], "small_groups"),
    "standardise": "standardisation",
    **dict.fromkeys(["fetch", "fetch_history", "history_of", "list_published", "read_register"], "sources"),
    "state_probabilities": "states",
    "to_excel": "workbook",
    "trend": "trends",
}

__all__ = [
    "EFFECTIVE",
    "FOUR_POINT",
    "MET",
    "REPORT_CARD",
    "BeyondDataWarning",
    "FrameworkMissingWarning",
    "GradeScale",
    "GradesNotTakenWarning",
    "IncompleteHistoryError",
    "IncompleteHistoryWarning",
    "MissingColumnError",
    "NotAJudgementWarning",
    "OlderReleaseWarning",
    "PooledFrameworksWarning",
    "ReadingError",
    "ReadingReport",
    "RowError",
    "SelectedPairsWarning",
    "SharedProvidersWarning",
    "__version__",
    "aggregate",
    "as_at",
    "change_between",
    "change_summary",
    "changes",
    "combine",
    "compare",
    "counts",
    "decompose",
    "explain",
    "fetch",
    "fetch_history",
    "first",
    "grades",
    "history_of",
    "list_published",
    "list_sheets",
    "load_hex_map",
    "load_inspections",
    "load_local_authorities",
    "logrank",
    "median_time_to",
    "overdispersion",
    "percent",
    "periods",
    "plot",
    "proportion_interval",
    "read_inspections",
    "read_register",
    "reading_report",
    "reconcile",
    "release",
    "releases",
    "resample",
    "scan",
    "series",
    "show_versions",
    "shrink",
    "spells",
    "standardise",
    "state_probabilities",
    "time_to",
    "to_excel",
    "transitions",
    "trend",
]


if not TYPE_CHECKING:  # to a type checker it would say that every name is there, those misspelt too

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name == "plot":
            return import_module("ofsted_sif.plot")
        if name in _LATER:
            value = globals()[name] = getattr(import_module(f"ofsted_sif.{_LATER[name]}"), name)
            return value
        raise AttributeError(f"module 'ofsted_sif' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
