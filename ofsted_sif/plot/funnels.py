"""Shares against numbers, with the limits between which chance alone would leave them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ofsted_sif import dispersion
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
    limits: str = "binomial",
    adjust: str | None = None,
    title: str | None = None,
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share that meets the threshold in each group against its number judged, with limits of 95% and 99.8%.

    Parameters
    ----------
    table : DataFrame
        One row per group, as `aggregate` returns it.
    by : str or sequence of str, optional
        The columns that name the groups; by default every column that is not a result's own (as `n` and `lower` are).
    scale : GradeScale, optional
        The scale of the counts; by default the one that fits the columns. It needs a threshold.
    limits : {"binomial", "additive", "multiplicative"}, default "binomial"
        ``binomial``: the limits of chance alone. ``additive`` and ``multiplicative``: wider limits, because groups differ more than chance
        explains (`overdispersion`); a variance between groups is added, or the variance is multiplied by a factor.
    adjust : {None, "bh", "holm", "bonferroni"}, default None
        Name the groups whose p, adjusted for the number of groups, is at most 5%, in place of those outside the limits of 95%.
    highlight : str or sequence of str, optional
        Groups to draw in colour and by name; all others are grey. By default those outside the limits of 95% are named.
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
        If the table has no counts of grades, or their scale no threshold; for unknown limits.
    ImportError
        If matplotlib is not installed; the message has the command that installs it.

    Notes
    -----
    The limits are quantiles of the binomial distribution with the share of all groups taken together, interpolated between whole
    numbers as in appendix A.1 of Spiegelhalter, "Funnel plots for comparing institutional performance", Statistics in Medicine 24
    (2005), doi:10.1002/sim.1970: with r the least number whose F(r) is p or more, the limit is r - (F(r) - p) / (F(r) - F(r - 1)), over n.
    Of 20 groups one lies outside the limits of 95% by chance; those are named, for a look, not for a verdict. Groups with nobody judged
    have no place; the heading counts them, and says where groups differ more than chance explains (phi above 1 + 2√(2/k) of k groups).
    Additive and multiplicative limits are sin²(t ∓ z √v) with t = arcsin √share of all and v = 1/4n + tau2 or phi/4n, the angle cut to
    [0, π/2]; p is that of the distance from t in units of √v, for binomial limits with v = 1/4n.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> state = sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))
    >>> sif.plot.funnel(sif.aggregate(state, "region")).get_xlabel()
    'Number judged'
    """
    dispersion.check_limits(limits)
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
    good = judged[scale.threshold_column].to_numpy(dtype=float)
    spread = dispersion.funnel_of(good, n.astype(float), limits)

    def bounds(level: float, of: np.ndarray) -> Any:
        if limits == "binomial":
            return [_limit(tail, of, centre) for tail in ((1 - level) / 2, (1 + level) / 2)]
        return spread.bounds(of, level)

    ax = canvas.axes(ax, 7.5, 4.6)
    width = max(int(n.max() * 1.1), int(n.max()) + 2)
    sizes = np.unique(np.linspace(1, width, min(width, 400)).astype(np.int64))
    for level, style in _LIMITS:
        for bound in bounds(level, sizes):
            ax.plot(sizes, bound, color=canvas.on_ground(ax, palette.QUIET, 3), linewidth=1, linestyle=style)
    ax.axhline(centre, color=canvas.on_ground(ax, palette.INK, 3), linewidth=1)
    low, high = bounds(0.95, n)
    is_outside = (share < low) | (share > high) if adjust is None else dispersion.adjusted(spread.p(), adjust) <= 0.05
    named = is_outside if wanted is None else judged["label_"].isin(wanted).to_numpy()
    _points(ax, n, share, np.ones(len(n), dtype=bool) if wanted is None else named)
    _name(ax, n[named], share[named], judged["label_"][named].tolist())
    canvas.plain(ax)
    ax.set_xlim(0, width)
    ax.set_ylim(0, 1.02)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    ax.set_xlabel("Number judged", color=canvas.on_paper(ax, palette.QUIET), fontsize=9)
    rows = canvas.counts_in_words(table, table["label_"].tolist(), scale)
    canvas.behind(ax, "One point per group: its share against its number judged", rows)
    nobody = len(table) - len(judged)
    said = canvas.told(table, title, n_judged=n.sum(), n=table["n"].sum())
    kind = "" if limits == "binomial" else f"{limits} "
    drawn = f"all together {centre:.0%}; {kind}limits of 95% (dashed) and 99.8%"
    dispersed = f"groups differ more than chance explains (phi {spread.phi:.1f})" if spread.phi > 0 else ""
    said += [drawn, dispersed, f"{nobody:,} without anybody judged" if nobody else ""]
    canvas.heading(ax, canvas.titled(title, subject, table), said, source=source)
    return ax


def _points(ax: Axes, n: np.ndarray, share: np.ndarray, in_colour: np.ndarray) -> None:
    """One point per group, grey where others are highlighted."""
    for shown, colour in ((~in_colour, palette.NO_GRADE_HATCH), (in_colour, canvas.on_ground(ax, palette.ACCENT, 3))):
        if shown.any():
            ax.plot(n[shown], share[shown], "o", color=colour, markeredgecolor="white", markersize=8)


def _name(ax: Axes, n: np.ndarray, share: np.ndarray, labels: list[str]) -> None:
    """Names beside their points, moved apart where they would overlap."""
    points = sorted(zip(share, n, labels, strict=True))
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


def _limit(tail: float, n: np.ndarray, centre: float) -> np.ndarray:
    """The interpolated quantile of the binomial share; see `funnel`."""
    from scipy.stats import binom

    if centre in (0.0, 1.0):
        return np.full(len(n), centre)
    r = binom.ppf(tail, n, centre)
    reached, below = binom.cdf(r, n, centre), binom.cdf(r - 1, n, centre)
    return np.clip((r - (reached - tail) / (reached - below)) / n, 0, 1)
