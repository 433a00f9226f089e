"""Along time: each provider's inspections, shares at many dates, and how long a grade was waited for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ofsted_sif.counts import NO_DAY
from ofsted_sif.plot import canvas, palette
from ofsted_sif.scales import GradeScale, grades, infer_scale
from ofsted_sif.table import columns, dates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW = 0.36  # inches a provider
# Okabe and Ito's colours for lines (https://jfly.uni-koeln.de/color/), without the yellow, which is too light on white.
_LINES = ("#0072b2", "#d55e00", "#007a5a", "#a04d7e", "#1d2530", "#b07a00", "#3a93c2", "#7a4a2a", "#6b7480")
_MOST_LINES = 18  # as many names as stand beside the axes without touching


def history(
    table: Any,
    *,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    provider: str = "provider",
    inspected: str = "inspection_start",
    published: str = "published",
    until: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one row a provider and a mark an inspection, coloured by grade, with a band for the time that the grade held.

    Parameters
    ----------
    table : DataFrame
        A row an inspection: the providers to show. Labels are `provider_name` where the table has it, with the key where two share one.
    judgement : str, default "overall_effectiveness"
        The column of grades. An inspection without that judgement has a small open mark and does not end a band.
    scale : GradeScale, optional
        Its scale; by default told from the column.
    provider, inspected, published : str
        The user's names of those columns. An inspection stands at its start, or its publication where the start is missing.
    until : date or str, optional
        Where the bands end; by default the day of which the table is the state (`as_at`) or to which it says that it is complete
        (``attrs["complete_to"]``), else the last date in it.
    title : str, optional
        In place of the heading.
    ax : matplotlib Axes, optional
        By default those of a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        For missing columns, or an inspection with neither date.
    ImportError
        Without matplotlib; the message names the command that installs it.

    Notes
    -----
    Bands end on the day `until`, or where the table says that the provider closed. Inspections after that day are not drawn.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> table = sif.load_inspections()
    >>> ax = sif.plot.history(table[table["provider_name"].isin(["Devon", "Somerset"])])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Devon', 'Somerset']
    """
    table = columns.as_frame(table)
    title = f"{canvas.in_words(judgement)} at each inspection" if title is None else title
    if not len(table):
        return canvas.empty(canvas.axes(ax, 8, 2), title, "No inspections to show")
    canvas.require(table, provider, judgement)
    scale = infer_scale(table[judgement]) if scale is None else scale
    when = _when(table, inspected, published)
    marks = pd.DataFrame(
        {
            "key": table[provider].astype(object).to_numpy(),
            "when": when,
            "grade": np.asarray(grades(table[judgement], scale, column=judgement).codes),
            "closed": pd.to_datetime(table["closed"]).to_numpy() if "closed" in table.columns else pd.NaT,
        }
    ).sort_values("when", kind="stable")
    last_day = _last_day(table, marks["when"], published, until)
    marks = marks[marks["when"] <= last_day]
    names = _names(table, provider)

    ax = canvas.axes(ax, 8, 1.1 + _ROW * len(names))
    fills = list(palette.fills(scale).values())[::-1]  # by code: worst first
    of_provider = dict(iter(marks.groupby("key", sort=False)))
    ordered = sorted(names.items(), key=lambda item: item[1].casefold())
    rows_in_words: list[str] = []
    for row, (key, name) in enumerate(ordered):
        mine = of_provider.get(key, marks.iloc[:0])
        graded = mine[mine["grade"] >= 0]
        closed = mine["closed"].iloc[-1] if len(mine) else pd.NaT
        end = closed if pd.notna(closed) and closed < last_day else last_day
        starts = graded["when"].tolist()
        stops = [*starts[1:], max([end, *starts[-1:]])][: len(starts)]  # a provider never judged has no band
        held = [f"{scale.labels[-1 - code]} from {canvas.date_in_words(day)}" for day, code in zip(starts, graded["grade"], strict=True)]
        rows_in_words.append(f"{name}: {'; '.join(held) or 'no grade'}")
        for start, stop, code in zip(starts, stops, graded["grade"], strict=True):
            ax.barh(row, stop - start, left=start, height=0.3, color=fills[code], linewidth=0)
            ax.plot([start], [row], "o", markersize=9, color=fills[code], markeredgecolor=palette.text_on(fills[code]), clip_on=False)
        open_marks = mine[mine["grade"] < 0]["when"]
        if len(open_marks):  # a line without points would count as one at the corner of the figure
            ax.plot(
                open_marks,
                [row] * len(open_marks),
                "o",
                markersize=5,
                color="white",
                markeredgecolor=palette.QUIET,
                zorder=3,
                clip_on=False,
            )
    canvas.plain(ax, grid="x")
    ax.xaxis_date()
    ax.set_yticks(range(len(ordered)), [canvas.shorten(name) for _, name in ordered], color=canvas.on_paper(ax, palette.INK))
    ax.set_ylim(len(ordered) - 0.4, -0.6)
    legend_rows = canvas.legend(ax, scale)
    canvas.behind(ax, "Bands of the grades held, a row a provider", rows_in_words)
    n_judged = int((marks["grade"] >= 0).sum())
    said = f"{n_judged:,} of {len(marks):,} inspections judged it" + ("" if n_judged == len(marks) else "; the others have an open mark")
    canvas.heading(ax, title, [*canvas.told(table), said], legend_rows=legend_rows)
    return ax


def _last_day(table: pd.DataFrame, when: pd.Series, published: str, until: Any) -> pd.Timestamp:
    """The day on which the bands end; see `history`."""
    if until is not None:
        return pd.Timestamp(dates.iso(dates.day(until, "until")))
    found = [when.max()]
    if published in table.columns:
        found.append(pd.Series(dates.dates_of(dates.days_of(columns.column(table, published, "published"), published))).max())
    said = [table["as_at"].max() if "as_at" in table.columns else table.attrs.get("as_at"), table.attrs.get("complete_to")]
    known = [pd.Timestamp(dates.iso(dates.day(day, "as_at"))) for day in said if day is not None and not pd.isna(day)]
    return max(day for day in [*found, *known[:1]] if pd.notna(day))


def _when(table: pd.DataFrame, inspected: str, published: str) -> pd.DatetimeIndex:
    """The day of each inspection: its start, or its publication."""
    found = [name for name in (inspected, published) if name in table.columns]
    if not found:
        canvas.require(table, inspected)
    days = dates.days_of(columns.column(table, found[0], "inspected"), found[0])
    for name in found[1:]:
        days = np.where(days == NO_DAY, dates.days_of(columns.column(table, name, "published"), name), days)
    if (without := days == NO_DAY).any():
        raise ValueError(f"row {int(np.argmax(without))} has neither {' nor '.join(found)}: an inspection needs a date to stand at")
    return dates.dates_of(days)


def _names(table: pd.DataFrame, provider: str) -> dict[Any, str]:
    """What each provider is called: its name, with its key where another has the same."""
    keys = table[provider].astype(object)
    if "provider_name" not in table.columns:
        return {key: str(key) for key in keys.unique()}
    named = pd.Series(table["provider_name"].astype(object).to_numpy(), index=keys)
    last = named[~named.index.duplicated(keep="last")]
    shared = last.duplicated(keep=False)
    return {key: f"{name} ({key})" if twice else str(name) for key, name, twice in zip(last.index, last, shared, strict=True)}


def series(
    table: Any,
    *,
    kind: str | None = None,
    by: str | Sequence[str] | None = None,
    highlight: str | Sequence[str] | None = None,
    scale: GradeScale | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw shares at many dates from what `series` or `periods` returns: the grades as areas, or good or better as lines by group.

    Parameters
    ----------
    table : DataFrame
        A row a date and group, as `series` returns it (`as_at`) or `periods` (`period_end`).
    kind : {"areas", "lines"}, optional
        ``areas``: stacked shares of the grades, of one group. ``lines``: the threshold's share with its interval, a line a group. By
        default areas where the table has one group, else lines.
    by : str or sequence of str, optional
        The columns that name the groups; by default every column that is no result's own, wherever it stands.
    highlight : str or sequence of str, optional
        Groups to draw in colour and by name; all others are thin and grey. Needed for lines of more than 18 groups.
    scale : GradeScale, optional
        The scale of the counts; by default told from the columns.
    title : str, optional
        In place of the heading.
    ax : matplotlib Axes, optional
        By default those of a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        For a table without dates or counts, areas of several groups, lines of a scale without a threshold, two rows of one
        group and date, more than 18 groups without `highlight`, or a group to highlight that the table has not.
    ImportError
        Without matplotlib; the message names the command that installs it.

    Notes
    -----
    The points of an as-at series repeat the same inspections; their intervals are of each date alone and no test of a trend. With more
    than three lines the intervals are left out, because they would hide each other.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> dates = [f"{year}-03-31" for year in range(2019, 2026)]
    >>> years = sif.series(sif.load_inspections(), dates, framework=["SIF", "ILACS"])
    >>> len(sif.plot.series(years).lines)  # the upper edge of each grade
    4
    """
    table = columns.as_frame(table)
    if kind not in (None, "areas", "lines"):
        raise ValueError(f"kind={kind!r} is not one of 'areas', 'lines'")
    time = next((name for name in ("as_at", "period_end") if name in table.columns), None)
    if time is None:
        raise ValueError("the table has neither as_at nor period_end: give what series or periods returns")
    if not len(table):
        return canvas.empty(canvas.axes(ax, 8, 2), title or "Grades over time", "No dates to show")
    scale = canvas.scale_of_counts(table, scale)
    groups = pd.Series(canvas.labels(table, by, scale))
    found = groups.unique().tolist()
    kind = ("areas" if len(found) == 1 else "lines") if kind is None else kind
    if kind == "areas" and len(found) > 1:
        raise ValueError(f"areas show one group, and the table has {len(found)} ({', '.join(found[:5])}, ...): choose one, or kind='lines'")
    if kind == "lines" and scale.threshold_column is None:
        raise ValueError(f"the scale {scale.name} has no threshold, so there is no share to draw as a line: kind='areas'")
    wanted = [highlight] if isinstance(highlight, str) else None if highlight is None else list(highlight)
    if wanted is not None and (unknown := [name for name in wanted if name not in found]):
        raise ValueError(f"highlight names {', '.join(map(repr, unknown))}, and the table has no such group ({', '.join(found[:5])}, ...)")
    if kind == "lines" and wanted is None and len(found) > _MOST_LINES:
        raise ValueError(f"nobody can tell {len(found)} lines apart: name those to look at with highlight=; the others are drawn grey")
    when = pd.DatetimeIndex(dates.dates_of(dates.days_of(columns.column(table, time, "table"), time)))
    if (again := pd.DataFrame({"group": groups, "when": when}).duplicated()).any():
        row = int(np.argmax(again))
        raise ValueError(
            f"group {groups[row]!r} repeats the date {canvas.date_in_words(when[row])}: its rows are of several groups; "
            "name all columns that part them with by="
        )
    ax = canvas.axes(ax, 8, 4.2)
    judged = table["n_judged"]
    if kind == "areas":
        _areas(ax, table, when, scale)
        legend_rows = canvas.legend(ax, scale)
        said = [f"{judged.min():,} to {judged.max():,} judged" if judged.min() != judged.max() else f"{judged.max():,} judged"]
    else:
        legend_rows = 0
        share = f"share_{scale.threshold_column}"
        _lines(ax, [(name, when[rows], table[rows]) for name in found for rows in [(groups == name).to_numpy()]], share, wanted)
        said = [f"{judged.min():,} to {judged.max():,} judged a point"]
    days = [canvas.date_in_words(day) for day in when]
    named = [f"{name}, {day}" for name, day in zip(groups, days, strict=True)] if len(found) > 1 else days
    canvas.behind(ax, "Areas over time" if kind == "areas" else "A line a group over time", canvas.counts_in_words(table, named, scale))
    canvas.plain(ax, grid="y")
    ax.set_ylim(0, 1)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    default = "Grades over time" if kind == "areas" else f"{canvas.in_words(str(scale.threshold_column))} over time"
    canvas.heading(ax, default if title is None else title, [*canvas.told(table), *said], legend_rows=legend_rows)
    return ax


def _areas(ax: Axes, table: pd.DataFrame, when: pd.DatetimeIndex, scale: GradeScale) -> None:
    order = np.argsort(when, kind="stable")
    base = np.zeros(len(table))
    share = table[[f"share_{name}" for name in scale.columns]].to_numpy(dtype=float)[order]
    for position, fill in enumerate(palette.fills(scale).values()):
        top = base + share[:, position]
        ax.fill_between(when[order], base, top, color=fill, linewidth=0)
        ax.plot(when[order], top, color="white", linewidth=0.8)
        base = top
    if len(when) > 1:
        ax.set_xlim(when.min(), when.max())


def _lines(ax: Axes, groups: list[tuple[str, Any, pd.DataFrame]], share: str, wanted: list[str] | None) -> None:
    """A line a group, named at its end; with their intervals where these can be told apart."""
    ends = []
    if wanted is not None:
        for _, when, rows in (group for group in groups if group[0] not in wanted):
            order = np.argsort(when, kind="stable")
            ax.plot(when[order], rows[share].to_numpy(dtype=float)[order], color=palette.NO_GRADE_HATCH, linewidth=0.6, zorder=1)
        groups = [group for group in groups if group[0] in wanted]
    for position, (name, when, rows) in enumerate(groups):
        colour = canvas.on_ground(ax, _LINES[position % len(_LINES)], 3)
        order = np.argsort(when, kind="stable")
        value = rows[share].to_numpy(dtype=float)[order]
        if len(groups) <= 3 and wanted is None:
            lower, upper = (rows[bound].to_numpy(dtype=float)[order] for bound in ("lower", "upper"))
            ax.fill_between(when[order], lower, upper, color=colour, alpha=0.15, linewidth=0)
        ax.plot(when[order], value, color=colour, linewidth=2, marker="o" if len(when) == 1 else None)
        known = np.flatnonzero(~np.isnan(value))
        if len(known):
            ends.append((float(value[known[-1]]), name, colour))
    ax.margins(x=0.01)
    _name_ends(ax, ends)


def _name_ends(ax: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Write each line's name (height, name, colour) at the right of the axes, moved apart where names would overlap."""
    ends = sorted(ends)
    heights = _apart(np.array([end[0] for end in ends]), 0.052)
    for (height, name, colour), y in zip(ends, heights, strict=True):
        ax.annotate(
            canvas.shorten(name, 34),
            (1, height),
            (4, y),
            xycoords=("axes fraction", "data"),
            textcoords=("offset points", "data"),
            va="center_baseline",
            fontsize=9,
            color=canvas.on_paper(ax, colour),
            annotation_clip=False,
        )


def _apart(heights: np.ndarray, step: float) -> np.ndarray:
    """Rising heights moved as little as makes them `step` apart: those that crowd are spread about their mean, within 0 and 1."""
    blocks: list[list[float]] = []  # sum of (height - place * step), how many
    for place, height in enumerate(heights):
        blocks.append([height - place * step, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + last[0], blocks[-1][1] + last[1]]
    spread = np.repeat([total / size for total, size in blocks], [int(size) for _, size in blocks])
    return np.clip(spread, 0, max(0.0, 1 - (len(heights) - 1) * step)) + np.arange(len(heights)) * step


def survival(table: Any, *, by: str | Sequence[str] | None = None, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the share that still waits for a grade as years pass, a step line a group with its interval, from what `time_to` returns.

    Parameters
    ----------
    table : DataFrame
        A row a group and time, as `time_to` returns it: years, at_risk, events, censored, survival, lower, upper.
    by : str or sequence of str, optional
        The columns that name the groups; by default every column that is no result's own, wherever it stands.
    title : str, optional
        In place of the heading.
    ax : matplotlib Axes, optional
        By default those of a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If a column is missing.
    ImportError
        Without matplotlib; the message names the command that installs it.

    Notes
    -----
    Small upright marks stand where observation ended for some who still waited. With more than three groups the intervals are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> import ofsted_sif as sif
    >>> table = pd.DataFrame({"years": [1.0, 2.0], "at_risk": [4, 2], "events": [1, 1], "censored": [1, 1], "survival": [0.75, 0.375],
    ...                       "lower": [0.13, 0.01], "upper": [0.96, 0.81]})
    >>> sif.plot.survival(table).get_xlabel()
    'Years'
    """
    table = columns.as_frame(table)
    title = "Still waiting, by years since" if title is None else title
    canvas.require(table, "years", "at_risk", "events", "censored", "survival", "lower", "upper")
    if not len(table):
        return canvas.empty(canvas.axes(ax, 8, 2), title, "Nobody to follow")
    ax = canvas.axes(ax, 8, 4.2)
    groups = pd.Series(canvas.labels(table, by))
    found = groups.unique().tolist()
    ends = []
    for position, name in enumerate(found):
        rows = table[(groups == name).to_numpy()].sort_values("years", kind="stable")
        colour = canvas.on_ground(ax, _LINES[position % len(_LINES)], 3)
        years = np.insert(rows["years"].to_numpy(dtype=float), 0, 0.0)
        value, lower, upper = (np.insert(rows[column].to_numpy(dtype=float), 0, 1.0) for column in ("survival", "lower", "upper"))
        if len(found) <= 3:
            ax.fill_between(years, lower, upper, step="post", color=colour, alpha=0.15, linewidth=0)
        ax.step(years, value, where="post", color=colour, linewidth=2)
        ended = rows["censored"].to_numpy() > 0
        if ended.any():
            ax.plot(years[1:][ended], value[1:][ended], "|", color=colour, markersize=7)
        size = f"n = {rows['at_risk'].iloc[0]:,}"
        ends.append((float(value[-1]), size if found == ["All"] else f"{name}, {size}", colour))
    ax.margins(x=0.01)
    _name_ends(ax, ends)
    canvas.plain(ax, grid="y")
    ax.set_xlim(left=0)
    ax.set_ylim(0, 1.02)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    ax.set_xlabel("Years", color=canvas.on_paper(ax, palette.QUIET), fontsize=9)
    told = zip(groups, table.to_dict("records"), strict=True)
    rows_in_words = [f"{name}, after {row['years']:.1f} years: {row['survival']:.0%} still wait" for name, row in told]
    canvas.behind(ax, "Steps down as time passes, a line a group", rows_in_words)
    said = f"{table['events'].sum():,} reached it; {table['censored'].sum():,} still waited when observation ended"
    canvas.heading(ax, title, [*canvas.told(table), said])
    return ax
