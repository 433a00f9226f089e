"""One row per group: shares of the grades as stacked bars, and estimates with their intervals."""

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

_ROW = 0.34  # inches per group


def shares(
    table: Any,
    *,
    by: str | Sequence[str] | None = None,
    scale: GradeScale | None = None,
    sort: bool = True,
    highlight: str | Sequence[str] | None = None,
    title: str | None = None,
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the shares of the grades, one stacked bar per group with the counts in it, from what `aggregate` returns.

    Parameters
    ----------
    table : DataFrame
        One row per group, as `aggregate` returns it.
    by : str or sequence of str, optional
        The columns that name the groups; by default every column that is not a result's own (as `n` and `lower` are).
    scale : GradeScale, optional
        The scale of the counts; by default the one that fits the columns.
    sort : bool, default True
        The group with the highest share good enough first (without a threshold: with the best grades); False keeps the table's order.
        Groups in which nobody is judged come last.
    highlight : str or sequence of str, optional
        Groups to draw in colour and by name; all others are grey.
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
        If the table does not have counts of grades or the group to highlight; if the axes given are too low for the rows.
    ImportError
        If matplotlib is not installed; the message has the command that installs it.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> state = sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))
    >>> ax = sif.plot.shares(sif.aggregate(state, "region"))
    >>> len(ax.get_yticklabels())
    9
    """
    table = columns.as_frame(table)
    if not len(table):
        return canvas.empty(canvas.axes(ax, 8, 2), canvas.titled(title, "Grades by group", table), "No groups to show")
    scale = canvas.scale_of_counts(table, scale)
    subject = f"{canvas.subject_of(table) or 'Grades'}{canvas.by_in_words(table, by, scale)}"
    table = table.assign(label_=canvas.labels(table, by, scale))
    wanted = canvas.chosen(highlight, table["label_"].tolist())
    share = table[[f"share_{name}" for name in scale.columns]].to_numpy(dtype=float)
    order = _best_first(share, scale) if sort else np.arange(len(table))
    table, share = table.iloc[order], share[order]
    if wanted is None:
        canvas.check_rows(ax, len(table))

    ax = canvas.axes(ax, 8, 1.1 + canvas.height_of_rows(len(table), wanted, _ROW))
    in_colour = np.ones(len(table), dtype=bool) if wanted is None else table["label_"].isin(wanted).to_numpy()
    left = np.zeros(len(table))
    for position, (name, fill) in enumerate(zip(scale.columns, palette.fills(scale).values(), strict=True)):
        width = np.nan_to_num(share[:, position])
        _stack(ax, left, width, fill, in_colour)
        if wanted is None:
            _count(ax, left, width, table[name].to_numpy(), palette.text_on(fill))
        left += width
    for row, (judged, n) in enumerate(zip(table["n_judged"], table["n"], strict=True)):
        if not in_colour[row]:
            continue
        if not judged:
            ax.text(0.01, row, "none judged", va="center_baseline", fontsize=9, color=canvas.on_ground(ax, palette.QUIET))
        if wanted is None:
            _beside(ax, row, f"n = {judged:,}" + (f" of {n:,}" if n != judged else ""))
    canvas.behind(ax, "Stacked bars, one per group", canvas.counts_in_words(table, table["label_"].tolist(), scale))
    canvas.plain(ax)
    ax.set_ylim(len(table) - 0.5, -0.5)
    names = _with_n(table, wanted)
    canvas.name_rows(ax, names, None if wanted is None else [name for name in names if name])
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    legend_rows = canvas.legend(ax, scale)
    # Rows of several judgements are the same providers again: their sum would say nothing.
    n_judged, n = (None, None) if "judgement" in table.columns else (table["n_judged"].sum(), table["n"].sum())
    told = [*canvas.told(table, title, n_judged=n_judged, n=n), _others(wanted, len(table))]
    canvas.heading(ax, canvas.titled(title, subject, table), told, legend_rows=legend_rows, source=source)
    return ax


def _stack(ax: Axes, left: np.ndarray, width: np.ndarray, fill: str, in_colour: np.ndarray) -> None:
    """One grade of all rows: in its colour, or paler than the grey of its colour where the row is not highlighted."""
    rows = np.arange(len(width))
    edge = 0.8 if in_colour.all() else 0.0
    colours = [fill if shown else palette.grey(fill) for shown in in_colour]
    ax.barh(rows, width, left=left, height=0.74 if edge else 1.0, color=colours, edgecolor="white", linewidth=edge)


def _count(ax: Axes, left: np.ndarray, width: np.ndarray, counts: np.ndarray, colour: str) -> None:
    """The counts of one grade, in the bars where they fit."""
    for row, (start, part, count) in enumerate(zip(left, width, counts, strict=True)):
        text = _number(count)
        if part > 0.008 + 0.012 * len(text):
            ax.text(start + part / 2, row, text, ha="center", va="center_baseline", fontsize=9, color=colour)


def _beside(ax: Axes, row: int, text: str) -> None:
    """A word at the right of a row."""
    ax.annotate(
        text,
        (1, row),
        (6, 0),
        xycoords=ax.get_yaxis_transform(),
        textcoords="offset points",
        va="center_baseline",
        fontsize=9,
        color=canvas.on_paper(ax, palette.QUIET),
        annotation_clip=False,
    )


def _with_n(table: pd.DataFrame, wanted: list[str] | None) -> list[str]:
    """The names of the rows; where some are highlighted these alone, with how many were judged."""
    if wanted is None:
        return list(table["label_"])
    sizes = table["n_judged"] if "n_judged" in table.columns else table["n"] if "n" in table.columns else None
    told = [""] * len(table) if sizes is None else [f", n = {size:,}" for size in sizes]
    return [f"{name}{n}" if name in wanted else "" for name, n in zip(table["label_"], told, strict=True)]


def _others(wanted: list[str] | None, n: int) -> str:
    """How many groups stand behind those that are highlighted."""
    return "" if wanted is None else f"{len(wanted):,} of {n:,} groups highlighted"


def _best_first(share: np.ndarray, scale: GradeScale) -> np.ndarray:
    """Groups by their share good enough, then by the best grade, and so on; those without a share last, ties in the table's order."""
    cumulated = share.cumsum(axis=1)
    keys = [cumulated[:, position] for position in range(len(scale.labels) - 1)]
    if scale.threshold is not None:
        keys.insert(0, cumulated[:, scale.n_good_enough - 1])
    return np.lexsort([-np.nan_to_num(key, nan=-1.0) for key in reversed(keys)])


def _number(count: Any) -> str:
    """A count, or a sum of weights."""
    return f"{count:,.0f}" if float(count).is_integer() or count >= 100 else f"{count:,.1f}"


def forest(
    table: Any,
    *,
    value: str | None = None,
    by: str | Sequence[str] | None = None,
    sort: bool = True,
    highlight: str | Sequence[str] | None = None,
    title: str | None = None,
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw an estimate and its interval, one row per group, from what `aggregate`, `change_between`, `change_summary` or `trend` returns.

    Parameters
    ----------
    table : DataFrame
        One row per group with `lower` and `upper`.
    value : str, optional
        The column of the estimate. By default the first of difference, slope_per_year, tau, share_improved and the threshold's share
        that has a number.
    by : str or sequence of str, optional
        The columns that name the groups; by default every column that is not a result's own (as `n` and `lower` are).
    sort : bool, default True
        The highest estimate first; False keeps the table's order. Groups without an estimate come last.
    highlight : str or sequence of str, optional
        Groups to draw in colour and by name; all others are grey.
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
        If the table does not have the column, `lower` and `upper`, or the group to highlight; if the axes given are too low for the rows.
    ImportError
        If matplotlib is not installed; the message has the command that installs it.

    Notes
    -----
    A dashed line marks a slope of 0, or the share of all groups taken together where the table has the counts for it. The picture is no
    test: groups may differ even where their intervals overlap.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> state = sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))
    >>> sif.plot.forest(sif.aggregate(state, "region")).get_xlabel()
    'Good or outstanding, with its interval'
    """
    table = columns.as_frame(table)
    value = _estimate(table) if value is None else value
    canvas.require(table, value, "lower", "upper")
    what = _what(value)
    if not len(table):
        return canvas.empty(canvas.axes(ax, 8, 2), canvas.titled(title, f"{what} by group", table), "No groups to show")
    labelled = table.drop(columns=value) if by is None else table
    subject = f"{what}{canvas.by_in_words(labelled, by)}"
    table = table.assign(label_=canvas.labels(labelled, by))
    wanted = canvas.chosen(highlight, table["label_"].tolist())
    if sort:
        table = table.sort_values(value, ascending=False, kind="stable", na_position="last")
    if wanted is None:
        canvas.check_rows(ax, len(table))
    is_share = value.startswith("share_")
    size = next((name for name in ("n_judged", "n") if name in table.columns), None)

    ax = canvas.axes(ax, 8, 1.2 + canvas.height_of_rows(len(table), wanted, _ROW))
    estimate, lower, upper = (table[name].to_numpy(dtype=float) for name in (value, "lower", "upper"))
    rows = np.arange(len(table))
    if value == "tau":
        lower = upper = np.full(len(table), np.nan)  # the table's bounds are those of the slope
    in_colour = np.ones(len(table), dtype=bool) if wanted is None else table["label_"].isin(wanted).to_numpy()
    for shown, colour, width in ((~in_colour, palette.NO_GRADE_HATCH, 1), (in_colour, canvas.on_ground(ax, palette.ACCENT, 3), 2)):
        if shown.any():
            ax.hlines(rows[shown], lower[shown], upper[shown], color=colour, linewidth=width)
            look = {"markeredgecolor": "white", "markersize": 8} if width == 2 else {"markersize": 3}
            ax.plot(estimate[shown], rows[shown], "o", color=colour, **look)
    canvas.plain(ax, grid="x")
    for row in np.flatnonzero(in_colour).tolist():
        if np.isnan(estimate[row]):
            ax.text(
                0.01,
                row,
                "no estimate",
                transform=ax.get_yaxis_transform(),
                va="center_baseline",
                fontsize=9,
                color=canvas.on_ground(ax, palette.QUIET),
            )
        if size is not None and wanted is None:
            _beside(ax, row, f"n = {table[size].iloc[row]:,}")
    reference, word = _reference(table, value)
    if reference is not None:
        ax.axvline(reference, color=canvas.on_ground(ax, palette.INK, 3), linewidth=1, linestyle=(0, (4, 3)), zorder=0.9)
    ax.set_ylim(len(table) - 0.5, -0.5)
    names = _with_n(table, wanted)
    canvas.name_rows(ax, names, None if wanted is None else [name for name in names if name])
    if is_share:
        ax.set_xlim(0, 1)
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    if value == "tau":
        ax.set_xlim(-1, 1)
        ax.set_xticks([-1, -0.5, 0, 0.5, 1])
    has_interval = bool((~np.isnan(lower) & ~np.isnan(upper)).any())
    ax.set_xlabel(f"{what}, with its interval" if has_interval else what, color=canvas.on_paper(ax, palette.QUIET), fontsize=9)
    kind = f"Points{' with their intervals' if has_interval else ''}, one per group"
    canvas.behind(ax, kind, _in_words(table, what, estimate, lower, upper, is_share))
    n_judged = table["n_judged"].sum() if "n_judged" in table.columns and "judgement" not in table.columns else None
    told = [*canvas.told(table, title, n_judged=n_judged), word, _others(wanted, len(table))]
    canvas.heading(ax, canvas.titled(title, subject, table), told, source=source)
    return ax


def _in_words(table: pd.DataFrame, what: str, estimate: np.ndarray, lower: np.ndarray, upper: np.ndarray, is_share: bool) -> list[str]:
    """One sentence per row: the estimate and its interval."""
    show = "{:.0%}".format if is_share else "{:.3g}".format
    rows = []
    for name, value, low, high in zip(table["label_"], estimate, lower, upper, strict=True):
        interval = "" if np.isnan(low) or np.isnan(high) else f" ({show(low)} to {show(high)})"
        rows.append(f"{name}: no estimate" if np.isnan(value) else f"{name}: {what.lower()} {show(value)}{interval}")
    return rows


def _estimate(table: pd.DataFrame) -> str:
    known = ["difference", "slope_per_year", "tau", "share_improved", "share_good_or_outstanding"]
    found = [name for name in known if name in table.columns]
    if not found:
        raise ValueError(f"the table has none of {', '.join(known)}: name the column of the estimate with value=")
    # A trend of grades has no slope, because grades have no distances: its tau is what there is to show.
    return next((name for name in found if table[name].notna().any()), found[0])


def _what(value: str) -> str:
    named = {"tau": "Kendall's tau", "difference": "Improved less declined"}
    return named.get(value) or canvas.in_words(value.removeprefix("share_"))


def _reference(table: pd.DataFrame, value: str) -> tuple[float | None, str]:
    """Where the dashed line stands, and what it means."""
    if value == "slope_per_year":
        return 0.0, "dashed: no slope"
    if value == "difference":
        return 0.0, "dashed: as many improved as declined"
    if value == "tau":
        return 0.0, "dashed: no trend"
    count, size = value.removeprefix("share_"), "n_judged" if "n_judged" in table.columns else "n"
    if count == value or count not in table.columns or not table[size].sum():
        return None, ""
    share = float(table[count].sum() / table[size].sum())
    return share, f"dashed: all groups together, {share:.0%}"
