"""How long a grade is waited for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ofsted_sif.plot import canvas, palette
from ofsted_sif.table import columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def survival(
    table: Any,
    *,
    by: str | Sequence[str] | None = None,
    title: str | None = None,
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of providers that have not reached a grade yet, one step line per group with its interval, from `time_to`.

    Parameters
    ----------
    table : DataFrame
        One row per group and time, as `time_to` returns it. The columns years, at_risk, events, censored, survival, lower and upper are
        used.
    by : str or sequence of str, optional
        The columns that name the groups; by default every column that is not a result's own (as `n` and `lower` are).
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
        If a column is missing, or for more groups than can be told apart.
    ImportError
        If matplotlib is not installed; the message has the command that installs it.

    Notes
    -----
    Small upright marks show where observation ended for some that had not reached the grade. Below the axes is the number that had not
    reached it and were still observed at each year. With more than three groups the intervals are left out.

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
    grade = table.attrs.get("grade")
    goal = f"{grade} or better" if grade else "the grade"
    subject = f"Still waiting for {goal}{canvas.by_in_words(table, by)}"
    canvas.require(table, "years", "at_risk", "events", "censored", "survival", "lower", "upper")
    groups = pd.Series(canvas.labels(table, by))
    followed = (table["at_risk"] > 0).to_numpy()  # a group in which nobody waited has a row and no line
    table, groups = table[followed], groups[followed].reset_index(drop=True)
    if not len(table):
        return canvas.empty(canvas.axes(ax, 8, 2), canvas.titled(title, subject, table), "Nobody to follow")
    canvas.check_lines(groups.nunique(), "choose the rows of fewer groups")
    ax = canvas.axes(ax, 8, 4.2 + 0.17 * groups.nunique())
    found = groups.unique().tolist()
    ends = []
    for position, name in enumerate(found):
        rows = table[(groups == name).to_numpy()].sort_values("years", kind="stable")
        colour = canvas.on_ground(ax, palette.LINES[position % len(palette.LINES)], 3)
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
    canvas.name_ends(ax, ends)
    canvas.plain(ax, grid="y")
    ax.set_xlim(left=0)
    ax.set_ylim(0, 1.02)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    along = f"Years since the grade below {grade}" if grade else "Years"
    ax.set_xlabel(along, color=canvas.on_paper(ax, palette.QUIET), fontsize=9)
    ax.set_ylabel(f"Still below {grade}" if grade else "Still waiting", color=canvas.on_paper(ax, palette.QUIET), fontsize=9)
    _at_risk(ax, [(name, table[(groups == name).to_numpy()].sort_values("years", kind="stable")) for name in found])
    told = zip(groups, table.to_dict("records"), strict=True)
    rows_in_words = [f"{name}, after {row['years']:.1f} years: {row['survival']:.0%} still wait" for name, row in told]
    canvas.behind(ax, "Steps down as time passes, one line per group", rows_in_words)
    said = f"{table['events'].sum():,} reached it; {table['censored'].sum():,} still waited when observation ended"
    until = f"observed to {canvas.date_in_words(table.attrs['until'])}" if table.attrs.get("until") else ""
    canvas.heading(ax, canvas.titled(title, subject, table), [*canvas.told(table, title), said, until], source=source)
    return ax


def _at_risk(ax: Axes, groups: list[tuple[str, pd.DataFrame]]) -> None:
    """Below the axes, at each year that the axis names, how many of each group still waited and were observed."""
    colour = canvas.on_paper(ax, palette.QUIET)
    low, high = ax.get_xlim()
    ax.set_xlim(low, high)
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
    ax.set_xticks(ticks)
    depth = 36  # points below the axes: under the ticks and the label
    for text, x, y in [("Number still waiting", 0.0, depth)] + [
        (canvas.shorten(name, 14), -16.0, depth + 12 * (place + 1)) for place, (name, _) in enumerate(groups) if len(groups) > 1
    ]:
        look: dict[str, Any] = {"ha": "left" if x == 0 else "right", "va": "top", "fontsize": 8, "color": colour, "annotation_clip": False}
        ax.annotate(text, (0, 0), (x, -y), xycoords="axes fraction", textcoords="offset points", **look)
    for place, (_, rows) in enumerate(groups):
        years, at_risk = rows["years"].to_numpy(dtype=float), rows["at_risk"].to_numpy()
        left = at_risk[-1] - rows["events"].to_numpy()[-1] - rows["censored"].to_numpy()[-1]
        for tick in ticks:
            later = np.flatnonzero(years >= tick)
            number = at_risk[later[0]] if len(later) else left
            ax.annotate(
                f"{number:,}",
                (tick, 0),
                (0, -depth - 12 * (place + 1)),
                xycoords=ax.get_xaxis_transform(),
                textcoords="offset points",
                ha="center",
                va="top",
                fontsize=8,
                color=colour,
                annotation_clip=False,
            )
