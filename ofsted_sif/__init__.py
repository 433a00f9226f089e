"""Aggregates Ofsted's inspection judgements and computes trends over them, exactly and fast.

>>> import ofsted_sif as sif
>>> today = sif.as_at(sif.load_inspections(), "2026-08-24", framework="all", having="overall_effectiveness")
>>> int(sif.aggregate(today)["good_or_outstanding"].iloc[0])
111
"""

try:
    from ofsted_sif import _core as _core
except ImportError as error:
    raise ImportError(
        "the compiled part of ofsted_sif is missing. If this is a checkout of its source, type `python3 -m pip install -e .` in it "
        f"first; else reinstall the package ({error})"
    ) from error

from ofsted_sif import counts, plot
from ofsted_sif._version import __version__
from ofsted_sif.aggregation import aggregate
from ofsted_sif.change import change_summary, changes, compare, decompose, transitions
from ofsted_sif.datasets import load_hex_map, load_inspections, load_local_authorities, release, releases
from ofsted_sif.durations import logrank, median_time_to, spells, time_to
from ofsted_sif.intervals import percent, proportion_interval
from ofsted_sif.periods import periods
from ofsted_sif.reading import (
    ReadingError,
    ReadingReport,
    combine,
    list_sheets,
    read_inspections,
    reading_report,
    reconcile,
)
from ofsted_sif.resampling import resample
from ofsted_sif.scales import FOUR_POINT, MET, REPORT_CARD, GradeScale, grades
from ofsted_sif.snapshots import PooledFrameworksWarning, as_at, explain, first, series
from ofsted_sif.trends import trend

__all__ = [
    "FOUR_POINT",
    "MET",
    "REPORT_CARD",
    "GradeScale",
    "PooledFrameworksWarning",
    "ReadingError",
    "ReadingReport",
    "__version__",
    "aggregate",
    "as_at",
    "change_summary",
    "changes",
    "combine",
    "compare",
    "counts",
    "decompose",
    "explain",
    "first",
    "grades",
    "list_sheets",
    "load_hex_map",
    "load_inspections",
    "load_local_authorities",
    "logrank",
    "median_time_to",
    "percent",
    "periods",
    "plot",
    "proportion_interval",
    "read_inspections",
    "reading_report",
    "reconcile",
    "release",
    "releases",
    "resample",
    "series",
    "spells",
    "time_to",
    "transitions",
    "trend",
]
