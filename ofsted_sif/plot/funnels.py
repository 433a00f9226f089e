"""Shares against numbers, with the limits between which chance alone would leave them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ofsted_sif.plot import canvas, palette
from ofsted_sif.scales import GradeScale
from ofsted_sif.table import columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LIMITS = ((0.95, (0, (4, 3))), (0.998, "-"))


def funnel(
    table: Any,
    *,
    by: str | Sequence[str] | None = None,
    scale: GradeScale | None = None,
    highlight: str | Sequence[str] | None = None,
    title: str | None = None,
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the threshold's share of each group against its number judged, with limits of 95% and 99.8% about the share of all.

    Parameters
    ----------
    table : DataFrame
        One row per group, as `aggregate` returns it.
    by : str or sequence of str, optional
        The columns that name the groups; by default every column that is no result's own, wherever it stands.
    scale : GradeScale, optional
        The scale of the counts; by default told from the columns. It needs a threshold.
    highlight : str or sequence of str, optional
        Groups to draw in colour and by name; all others are grey. By default those outside the limits of 95% are named.
    title : str, optional
        In place of the heading.
    source : str, optional
        Where the figures are from; stands below the picture.
    ax : matplotlib Axes, optional
        By default those of a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If the table has no counts of grades, or their scale no threshold.
    ImportError
        Without matplotlib; the message names the command that installs it.

    Notes
    -----
    The limits are quantiles of the binomial distribution with the share of all groups taken together, interpolated between whole
    numbers as in appendix A.1 of Spiegelhalter, "Funnel plots for comparing institutional performance", Statistics in Medicine 24
    (2005), doi:10.1002/sim.1970: with r the least number whose F(r) is p or more, the limit is r - (F(r) - p) / (F(r) - F(r - 1)), over n.
    Of 20 groups one lies outside the limits of 95% by chance; those are named, for a look, not for a verdict. Groups with nobody judged
    have no place; the heading counts them.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> state = sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))
    >>> sif.plot.funnel(sif.aggregate(state, "region")).get_xlabel()
    'Number judged'
    """
    table = columns.as_frame(table)
    if not len(table) or not table["n_judged"].sum():
        return canvas.empty(canvas.axes(ax, 7.5, 2), canvas.titled(title, "Share by number judged", table), "Nobody judged")
    scale = canvas.scale_of_counts(table, scale)
    if scale.threshold_column is None:
        raise ValueError(f"the scale {scale.name} has no threshold, and so no share to draw")
    subject = f"{canvas.in_words(scale.threshold_column)}{canvas.by_in_words(table, by, scale)}, against the number judged,"
    table = table.assign(label_=canvas.labels(table, by, scale))
    judged = table[table["n_judged"] > 0]
    n, share = judged["n_judged"].to_numpy(), judged[f"share_{scale.threshold_column}"].to_numpy(dtype=float)
    centre = float(judged[scale.threshold_column].sum() / n.sum())

    wanted = canvas.chosen(highlight, judged["label_"].tolist())
    ax = canvas.axes(ax, 7.5, 4.6)
    width = max(int(n.max() * 1.1), int(n.max()) + 2)
    sizes = np.unique(np.linspace(1, width, min(width, 400)).astype(np.int64))
    for level, style in _LIMITS:
        for tail in ((1 - level) / 2, (1 + level) / 2):
            ax.plot(sizes, _limit(tail, sizes, centre), color=canvas.on_ground(ax, palette.QUIET, 3), linewidth=1, linestyle=style)
    ax.axhline(centre, color=canvas.on_ground(ax, palette.INK, 3), linewidth=1)
    low, high = (_limit(tail, n, centre) for tail in (0.025, 0.975))
    named = (share < low) | (share > high) if wanted is None else judged["label_"].isin(wanted).to_numpy()
    in_colour = np.ones(len(n), dtype=bool) if wanted is None else named
    for shown, colour in ((~in_colour, palette.NO_GRADE_HATCH), (in_colour, canvas.on_ground(ax, palette.ACCENT, 3))):
        if shown.any():
            ax.plot(n[shown], share[shown], "o", color=colour, markeredgecolor="white", markersize=8)
    points = sorted(zip(share[named], n[named], judged["label_"][named], strict=True))
    heights = canvas.apart(np.array([y for y, _, _ in points]), 0.045)
    for (_, x, label), height in zip(points, heights, strict=True):
        ax.annotate(
            canvas.shorten(label),
            (x, height),
            (8, 0),
            textcoords="offset points",
            va="center_baseline",
            fontsize=9,
            color=canvas.on_ground(ax, palette.INK),
        )
    canvas.plain(ax)
    ax.set_xlim(0, width)
    ax.set_ylim(0, 1.02)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    ax.set_xlabel("Number judged", color=canvas.on_paper(ax, palette.QUIET), fontsize=9)
    rows = canvas.counts_in_words(table, table["label_"].tolist(), scale)
    canvas.behind(ax, "One point per group: its share against its number judged", rows)
    nobody = len(table) - len(judged)
    said = canvas.told(table, title, n_judged=n.sum(), n=table["n"].sum())
    limits = f"all together {centre:.0%}; limits of 95% (dashed) and 99.8%"
    said += [limits, f"{nobody:,} without anybody judged" if nobody else ""]
    canvas.heading(ax, canvas.titled(title, subject, table), said, source=source)
    return ax


def _limit(tail: float, n: np.ndarray, centre: float) -> np.ndarray:
    """The interpolated quantile of the binomial share; see `funnel`."""
    from scipy.stats import binom

    if centre in (0.0, 1.0):
        return np.full(len(n), centre)
    r = binom.ppf(tail, n, centre)
    reached, below = binom.cdf(r, n, centre), binom.cdf(r - 1, n, centre)
    return np.clip((r - (reached - tail) / (reached - below)) / n, 0, 1)
