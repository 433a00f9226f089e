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

_ROW = 0.36  # inches per provider
_KINDS = {
    "areas": "Stacked areas over time",
    "bars": "Stacked bars, one for each date or period",
    "lines": "One line per group over time",
}


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
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one row per provider and one mark per inspection, coloured by grade, with a band for the time that the grade held.

    Parameters
    ----------
    table : DataFrame
        One row per inspection of the providers to show. Their labels are `provider_name` where the table has it, and the key too where two
        providers have one name.
    judgement : str, default "overall_effectiveness"
        The column of grades. An inspection that did not make this judgement gets a small open mark and does not end a band.
    scale : GradeScale, optional
        Its scale; by default the one that fits the column.
    provider, inspected, published : str
        What these columns are called in the table. An inspection is drawn at its start, or at its publication where that is missing.
    until : date or str, optional
        Where the bands end. By default the date of the state where the table comes from `as_at`, else the day to which it says that it is
        complete (``attrs["complete_to"]``), else the last date in it.
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
        For missing columns, an inspection with neither date, or axes that are too low for the providers.
    ImportError
        If matplotlib is not installed; the message has the command that installs it.

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
    subject = f"{canvas.in_words(judgement)} at each inspection"
    if not len(table):
        return canvas.empty(canvas.axes(ax, 8, 2), canvas.titled(title, subject, table), "No inspections to show")
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

    canvas.check_rows(ax, len(names))
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
            ax.barh(row, stop - start, left=start, height=0.3, color=fills[code], edgecolor=canvas.outline(ax, fills[code]), linewidth=0.8)
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
    canvas.few_dates(ax)
    ax.set_yticks(range(len(ordered)), [canvas.shorten(name) for _, name in ordered], color=canvas.on_paper(ax, palette.INK))
    ax.set_ylim(len(ordered) - 0.4, -0.6)
    legend_rows = canvas.legend(ax, scale)
    canvas.behind(ax, "Bands of the grades held, one row per provider", rows_in_words)
    n_judged = int((marks["grade"] >= 0).sum())
    said = f"{n_judged:,} of {len(marks):,} inspections judged it" + ("" if n_judged == len(marks) else "; the others have an open mark")
    known = "" if "as_at" in table.columns or table.attrs.get("as_at") else f" to {canvas.date_in_words(last_day)}"
    title = canvas.titled(title, subject, table, canvas.place_of(table)) + known if title is None else title
    canvas.heading(ax, title, [*canvas.told(table, title), said], legend_rows=legend_rows, source=source)
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
        raise ValueError(f"row {int(np.argmax(without))} has neither {' nor '.join(found)}: an inspection without a date cannot be drawn")
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
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw shares over time from what `series` or `periods` returns: all grades stacked, or the share good or better as lines.

    Parameters
    ----------
    table : DataFrame
        One row per date and group, as `series` returns it (`as_at`) or `periods` (`period_end`).
    kind : {"areas", "bars", "lines"}, optional
        ``areas`` and ``bars``: stacked shares of the grades of one group, the best on top; ``bars`` with the counts in them, one bar per
        date or period. ``lines``: the share that meets the threshold with its interval, one line per group. By default one group is drawn
        as areas for dates and as bars for separate periods; several groups are drawn as lines, dotted between separate periods.
    by : str or sequence of str, optional
        The columns that name the groups; by default every column that is not a result's own (as `n` and `lower` are).
    highlight : str or sequence of str, optional
        Groups to draw in colour and by name; all others are thin and grey. It is needed for lines of more than 18 groups.
    scale : GradeScale, optional
        The scale of the counts; by default the one that fits the columns.
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
        For a table without dates or counts, a stack of several groups, lines of a scale without a threshold, two rows of one
        group and date, more than 18 groups without `highlight`, or a group to highlight that the table does not have.
    ImportError
        If matplotlib is not installed; the message has the command that installs it.

    Notes
    -----
    The points of a series of states repeat the same inspections. Their intervals are those of each date alone, and no test of a trend.
    With more than three lines the intervals are left out, because they would hide each other.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> dates = [f"{year}-03-31" for year in range(2019, 2026)]
    >>> years = sif.series(sif.load_inspections(), dates, framework=["SIF", "ILACS"])
    >>> len(sif.plot.series(years).lines)  # the upper edge of each grade
    4
    """
    table = columns.as_frame(table)
    if kind not in (None, "areas", "bars", "lines"):
        raise ValueError(f"kind={kind!r} is not one of 'areas', 'bars', 'lines'")
    time = next((name for name in ("as_at", "period_end") if name in table.columns), None)
    if time is None:
        raise ValueError("the table has neither as_at nor period_end: give what series or periods returns")
    if not len(table):
        return canvas.empty(canvas.axes(ax, 8, 2), title or "Grades over time", "No dates to show")
    scale = canvas.scale_of_counts(table, scale)
    groups = pd.Series(canvas.labels(table, by, scale))
    wanted = canvas.chosen(highlight, groups.tolist())
    stacked = "bars" if time == "period_end" else "areas"
    kind = (stacked if groups.nunique() == 1 else "lines") if kind is None else kind
    when = pd.DatetimeIndex(dates.dates_of(dates.days_of(columns.column(table, time, "table"), time)))
    _check(kind, groups, when, scale, wanted)
    ax = canvas.axes(ax, 8, 4.2)
    judged = table["n_judged"]
    legend_rows, found = 0, groups.unique().tolist()
    canvas.plain(ax, grid="y")
    ax.set_ylim(0, 1)
    if kind == "lines":
        share = f"share_{scale.threshold_column}"
        parts = [(name, when[rows], table[rows]) for name in found for rows in [(groups == name).to_numpy()]]
        _lines(ax, parts, share, wanted, dotted=time == "period_end")
        said, subject = (
            "judged at each point",
            f"{canvas.in_words(str(scale.threshold_column))}{canvas.by_in_words(table, by, scale)} over time",
        )
    else:
        (_areas if kind == "areas" else _bars)(ax, table, when, scale)
        ax.set_ylim(1, 0)  # the best on top, as in every stack
        legend_rows = canvas.legend(ax, scale)
        said, subject = "judged", f"{canvas.subject_of(table) or 'Grades'} over time"
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    days = [canvas.date_in_words(day) for day in when]
    named = [f"{name}, {day}" for name, day in zip(groups, days, strict=True)] if len(found) > 1 else days
    canvas.behind(ax, _KINDS[kind], canvas.counts_in_words(table, named, scale))
    numbers = f"{judged.min():,} to {judged.max():,}" if judged.min() != judged.max() else f"{judged.max():,}"
    place = found[0] if found[0] != "All" and len(found) == 1 else ""
    title_ = canvas.titled(title, subject, table, place)
    canvas.heading(ax, title_, [*canvas.told(table, title), f"{numbers} {said}"], legend_rows=legend_rows, source=source)
    return ax


def _check(kind: str, groups: pd.Series, when: pd.DatetimeIndex, scale: GradeScale, wanted: list[str] | None) -> None:
    """Refuse what cannot be drawn so that it is read."""
    found = groups.unique().tolist()
    if kind != "lines" and len(found) > 1:
        raise ValueError(
            f"{kind} show one group, and the table has {len(found)} ({', '.join(found[:5])}, ...): choose one, or kind='lines'"
        )
    if kind == "lines" and scale.threshold_column is None:
        raise ValueError(f"the scale {scale.name} has no threshold, so there is no share to draw as a line: kind='areas'")
    if kind == "lines" and wanted is None:
        canvas.check_lines(len(found), "name those to look at with highlight=; the others are drawn grey")
    if (again := pd.DataFrame({"group": groups, "when": when}).duplicated()).any():
        row = int(np.argmax(again))
        raise ValueError(
            f"group {groups[row]!r} repeats the date {canvas.date_in_words(when[row])}: its rows are of several groups; "
            "name all columns that part them with by="
        )


def _bars(ax: Axes, table: pd.DataFrame, when: pd.DatetimeIndex, scale: GradeScale) -> None:
    """One stacked bar per date, with the counts in it and the number judged below it."""
    order = np.argsort(when, kind="stable")
    share = np.nan_to_num(table[[f"share_{name}" for name in scale.columns]].to_numpy(dtype=float)[order])
    places, base = np.arange(len(order)), np.zeros(len(order))
    canvas.fit(ax)
    wide = ax.get_window_extent().width / ax.figure.dpi / max(len(order), 1)  # inches per bar
    for position, (name, fill) in enumerate(zip(scale.columns, palette.fills(scale).values(), strict=True)):
        ax.bar(places, share[:, position], bottom=base, width=0.8, color=fill, edgecolor="white", linewidth=0.8)
        for place, start, part, count in zip(places.tolist(), base, share[:, position], table[name].to_numpy()[order], strict=True):
            if part > 0.06 and wide > 0.1 * len(f"{count:,g}"):
                middle = start + part / 2
                ax.text(place, middle, f"{count:,g}", ha="center", va="center", fontsize=9, color=palette.text_on(fill))
        base = base + share[:, position]
    step = max(1, int(np.ceil(0.75 / wide)))
    names = [f"to {day:%m/%Y}\nn = {n:,}" for day, n in zip(when[order], table["n_judged"].to_numpy()[order], strict=True)]
    ax.set_xticks(places[::step], names[::step])
    ax.set_xlim(-0.6, len(order) - 0.4)


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
        ax.set_xlim(when.min(), when.max())  # type: ignore[arg-type]  # matplotlib takes dates, its types say numbers only
        canvas.few_dates(ax)


def _lines(ax: Axes, groups: list[tuple[str, Any, pd.DataFrame]], share: str, wanted: list[str] | None, *, dotted: bool) -> None:
    """One line per group, named at its end; with their intervals where these can be told apart. Separate periods are points."""
    ends = []
    if wanted is not None:
        for _, when, rows in (group for group in groups if group[0] not in wanted):
            order = np.argsort(when, kind="stable")
            ax.plot(when[order], rows[share].to_numpy(dtype=float)[order], color=palette.NO_GRADE_HATCH, linewidth=0.6, zorder=1)
        groups = [group for group in groups if group[0] in wanted]
    for position, (name, when, rows) in enumerate(groups):
        colour = canvas.on_ground(ax, palette.LINES[position % len(palette.LINES)], 3)
        order = np.argsort(when, kind="stable")
        value = rows[share].to_numpy(dtype=float)[order]
        if len(groups) <= 3 and wanted is None:
            lower, upper = (rows[bound].to_numpy(dtype=float)[order] for bound in ("lower", "upper"))
            ax.fill_between(when[order], lower, upper, color=colour, alpha=0.15, linewidth=0)
        look = {"marker": "o", "linestyle": ":", "linewidth": 1} if dotted else {"marker": "o" if len(when) == 1 else None, "linewidth": 2}
        ax.plot(when[order], value, color=colour, **look)
        known = np.flatnonzero(~np.isnan(value))
        if len(known):
            ends.append((float(value[known[-1]]), name, colour))
    ax.margins(x=0.01)
    canvas.name_ends(ax, ends)
    canvas.few_dates(ax)
