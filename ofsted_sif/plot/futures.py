"""What becomes of those found in a grade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ofsted_sif.plot import canvas, palette
from ofsted_sif.scales import GradeScale
from ofsted_sif.table import columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_TICKS = 11


def states(
    table: Any,
    *,
    by: str | Sequence[str] | None = None,
    title: str | None = None,
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what becomes of providers found in a grade: the probability of each grade over the years, from `state_probabilities`.

    Parameters
    ----------
    table : DataFrame
        One row per time and grade, as `state_probabilities` returns it for one start grade and one group. The columns start, years, grade,
        n, at_risk and probability are used. Ask for many times (``at=[0.5, 1, 1.5, ...]``): between two times lines are straight.
    by : str or sequence of str, optional
        The columns that name the group; by default every column that is not a result's own (as `n` and `lower` are).
    title : str, optional
        A heading in place of the one that is made.
    source : str, optional
        Where the figures are from; written below the picture.
    ax : matplotlib Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If a column is missing, or there are several start grades or groups.
    ImportError
        If matplotlib is not installed; the message has the command that installs it.

    Notes
    -----
    The best grade is at the top. The areas end where nobody is followed any longer; below the years is the number still followed.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> found = sif.state_probabilities(sif.load_inspections(), start="Inadequate", at=[2, 4, 6, 8], framework=["SIF", "ILACS"])
    >>> sif.plot.states(found).get_xlabel()
    'Years since (still followed)'
    """
    table = columns.as_frame(table)
    canvas.require(table, "start", "years", "grade", "n", "at_risk", "probability")
    named = canvas.labels(table.drop(columns=["start", "grade"]), by)
    what = "What becomes of them"
    if len(table):
        start = _only([str(label) for label in table["start"]], "start grades", "table[table['start'] == {!r}]")
        group = _only(named, "groups", "the rows of one of them, as {!r}")
        what = f"What becomes of those found {start}" + ("" if group == "All" else f", {group}")
    table = table[table["probability"].notna().to_numpy()]
    if not len(table):
        return canvas.empty(canvas.axes(ax, 8, 2), what if title is None else title, "Nobody to follow")
    codes, scale = columns.grade_codes(table, "grade", None)
    years, shares, followed = _by_time(table, codes, scale, start)
    ax = canvas.axes(ax, 8, 4.2)
    fills = [palette.fills(scale)[label] for label in scale.labels[::-1]]
    ax.stackplot(years, shares.T, colors=fills, edgecolor="white", linewidth=0.8)
    ax.set_xlim(0, max(float(years[-1]), 1e-6))
    ax.set_ylim(0, 1)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    canvas.plain(ax)
    whole = np.flatnonzero(years == years.round())
    ticks = whole if len(whole) > 1 else np.arange(len(years))
    ticks = ticks[:: -(-len(ticks) // MOST_TICKS)]
    ax.set_xticks(years[ticks], [f"{years[place]:g}\n({followed[place]:,})" for place in ticks])
    ax.set_xlabel("Years since (still followed)", color=canvas.on_paper(ax, palette.QUIET), fontsize=9)
    rows = [
        f"after {year:g} years: " + ", ".join(f"{share:.0%} {label}" for share, label in zip(row[::-1], scale.labels, strict=True))
        for year, row in zip(years, shares, strict=True)
    ]
    canvas.behind(ax, "Stacked areas, the best grade at the top", rows)
    legend_rows = canvas.legend(ax, scale)
    said = [*canvas.told(table, title), f"n = {table['n'].iloc[0]:,}"]
    canvas.heading(ax, canvas.titled(title, what, table), said, legend_rows=legend_rows, source=source)
    return ax


def _only(labels: Sequence[str], what: str, how: str) -> str:
    """The only one of the labels, or an error that says how to choose one."""
    distinct = list(dict.fromkeys(labels))
    if len(distinct) > 1:
        raise ValueError(
            f"the table has several {what} ({', '.join(distinct[:4])}), and a picture shows one: give {how.format(distinct[0])}"
        )
    return distinct[0]


def _by_time(table: pd.DataFrame, codes: np.ndarray, scale: GradeScale, start: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times in order, the share of each grade at each, worst to best, and how many are followed; from the start on."""
    years, place = np.unique(table["years"].to_numpy(dtype=float), return_inverse=True)
    shares, followed = np.zeros((len(years), len(scale.labels))), np.zeros(len(years), dtype=np.int64)
    shares[place, codes] = table["probability"].to_numpy(dtype=float)
    np.add.at(followed, place, table["at_risk"].to_numpy())
    if years[0] == 0:
        return years, shares, followed
    at_start = np.array([label == start for label in scale.labels[::-1]], dtype=float)
    return np.append(0.0, years), np.vstack([at_start, shares]), np.append(int(table["n"].iloc[0]), followed)
