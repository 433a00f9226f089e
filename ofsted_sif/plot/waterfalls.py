"""Why a share changed: its parts, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ofsted_sif.plot import canvas, palette
from ofsted_sif.table import columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OWN = ("part", "n", "judged", "numerator", "denominator", "change")
_UP, _DOWN = "#2f6690", "#bf561e"  # more and less of the share; told apart by their signs too


def decomposition(table: Any, *, title: str | None = None, source: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw why a share changed between two dates, one step per part and the whole change at the end, from what `decompose` returns.

    Parameters
    ----------
    table : DataFrame
        One row per part, as `decompose` returns it for one group. The columns part, n and change are used.
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
        If a column is missing, or a part has several rows: then choose one group.
    ImportError
        If matplotlib is not installed; the message has the command that installs it.

    Notes
    -----
    Steps are in percentage points. They add up exactly to the last bar. n is the number of providers in a part.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> parts = sif.decompose(sif.load_inspections(), "2019-03-31", "2024-03-31", framework=["SIF", "ILACS"])
    >>> len(sif.plot.decomposition(parts).patches)  # five parts and their sum
    6
    """
    table = columns.as_frame(table)
    share = next((str(name) for name in table.columns if name not in _OWN and str(name).endswith(("_or_better", "_or_outstanding"))), "")
    subject = f"What changed the share {canvas.in_words(share).lower()}" if share else "What changed the share"
    canvas.require(table, "part", "n", "change")
    if not len(table) or table["change"].isna().all():
        return canvas.empty(canvas.axes(ax, 8, 2), subject if title is None else title, "No change to show")
    parts = [str(part) for part in table["part"]]
    if len(set(parts)) < len(parts):
        raise ValueError("a waterfall shows one group, and the table has a part in several rows: choose the rows of one group")
    ax = canvas.axes(ax, 8, 1.4 + 0.45 * (len(parts) + 1))
    steps = 100 * table["change"].to_numpy(dtype=float)
    ends = np.cumsum(steps)
    starts, total = ends - steps, float(ends[-1])
    whole = canvas.on_ground(ax, palette.QUIET, 3)
    for row, (start, step) in enumerate(zip([*starts, 0.0], [*steps, total], strict=True)):
        colour = whole if row == len(parts) else canvas.on_ground(ax, _UP if step >= 0 else _DOWN, 3)
        ax.barh(row, step, left=start, height=0.62, color=colour, linewidth=0)
        right = max(start, start + step)
        ax.annotate(
            _points(step),
            (right, row),
            (5, 0),
            textcoords="offset points",
            va="center_baseline",
            fontsize=9,
            color=canvas.on_ground(ax, palette.INK),
        )
    for row, end in enumerate(ends):
        ax.plot([end, end], [row - 0.31, row + 1.31], color=whole, linewidth=0.8)
    canvas.plain(ax, grid="x")
    ax.axvline(0, color=canvas.on_ground(ax, palette.INK, 3), linewidth=1, zorder=0.9)
    names = [f"{part[:1].upper()}{part[1:]}, n = {n:,}" for part, n in zip(parts, table["n"], strict=True)]
    ax.set_yticks(range(len(parts) + 1), [*map(canvas.shorten, names), "Change in all"], color=canvas.on_paper(ax, palette.INK))
    ax.set_ylim(len(parts) + 0.5, -0.5)
    low, high = (reach([0.0, *starts, *ends]) for reach in (min, max))
    room = 0.15 * (high - low) or 1.0  # for the numbers
    ax.set_xlim(low - (room if low < 0 else 0), high + room)
    ax.set_xlabel("Percentage points", color=canvas.on_paper(ax, palette.QUIET), fontsize=9)
    words = [f"{name}: {_points(step)} points" for name, step in zip([*names, "change in all"], [*steps, total], strict=True)]
    canvas.behind(ax, "Steps that add up to the change, one per part", words)
    canvas.heading(ax, subject if title is None else title, _shares(table), source=source)
    return ax


def _points(step: float) -> str:
    """Percentage points with their sign."""
    rounded = round(step, 1) + 0.0  # no minus zero
    return f"{'−' if rounded < 0 else '+' if rounded else ''}{abs(rounded):.1f}"


def _shares(table: pd.DataFrame) -> list[str]:
    """The shares on both dates, where the table says them."""
    told: list[Any] = [table.attrs.get(name) for name in ("from", "to")]
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 and pair[1] for pair in told):
        return []
    before, after = (f"{pair[0]:,} of {pair[1]:,} ({pair[0] / pair[1]:.0%})" for pair in told)
    return [f"{before} at first, {after} at last"]
