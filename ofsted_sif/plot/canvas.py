"""What the pictures share: axes to draw on, a heading that says what is shown, the legend of grades, and what a table tells of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ofsted_sif.installed import need
from ofsted_sif.plot import palette
from ofsted_sif.scales import JUDGEMENTS, SCALES, GradeScale
from ofsted_sif.table import columns, dates

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# ---- axes


def axes(ax: Axes | None, width: float, height: float) -> Axes:
    """The axes that were given, or those of a new figure of that size in inches."""
    if ax is not None:
        return ax
    plt = need("matplotlib.pyplot", "plot", "pictures")
    return plt.figure(figsize=(width, height), layout="constrained").add_subplot()


def plain(ax: Axes, *, grid: str | None = None) -> None:
    """Leave of the frame only what is read: no spines, quiet ticks, a grid along one axis where asked."""
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(length=0, colors=palette.QUIET, labelsize=9)
    ax.set_axisbelow(True)
    if grid is not None:
        ax.grid(axis=grid, color=palette.RULE, linewidth=0.8)  # type: ignore[arg-type]


def _letters_across(ax: Axes) -> int:
    """How many letters of the heading's size the axes are wide: about 14 an inch."""
    return max(30, int(14 * ax.get_window_extent().width / ax.figure.dpi))


def heading(ax: Axes, title: str, told: Sequence[str], *, legend_rows: int = 0) -> None:
    """The title and under it, quieter, what the table tells of itself; both flush left above the axes and the rows of their legend."""
    from textwrap import wrap

    lines = wrap("  ·  ".join(part for part in told if part), _letters_across(ax))  # a longer line would take its room from the chart
    lift = 6 + 16 * legend_rows

    def write(text: str, **look: Any) -> None:
        ax.annotate(
            text.replace("$", r"\$"),
            (0, 1),
            (0, lift),
            "axes fraction",
            "offset points",
            annotation_clip=False,
            ha="left",
            va="bottom",
            **look,
        )

    for line in reversed(lines):
        write(line, fontsize=9, color=palette.QUIET)
        lift += 14
    write(title, fontsize=12, fontweight="bold", color=palette.INK)


def legend(ax: Axes, scale: GradeScale, *, not_judged: bool = False) -> int:
    """The grades' colours above the axes, best first, in as few rows as hold them; returns how many."""
    from matplotlib.patches import Patch
    from matplotlib.transforms import ScaledTranslation

    figure = ax.get_figure()
    assert figure is not None
    handles = [Patch(facecolor=fill, edgecolor=palette.INK, linewidth=0.5, label=label) for label, fill in palette.fills(scale).items()]
    if not_judged:
        handles.append(Patch(facecolor=palette.NO_GRADE, edgecolor=palette.NO_GRADE_HATCH, hatch="////", linewidth=0.5, label="Not judged"))
    # A patch and the gaps beside it take about 4 letters; the columns of several rows are each as wide as their longest.
    width = [len(str(handle.get_label())) + 4 for handle in handles]
    across = _letters_across(ax)
    ncols = len(handles) if sum(width) <= across else max(1, across // max(width))
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        bbox_transform=ax.transAxes + ScaledTranslation(0, 6 / 72, figure.dpi_scale_trans),  # 6 points above the axes
        ncols=ncols,
        frameon=False,
        fontsize=9,
        handlelength=1,
        handleheight=1,
        handletextpad=0.5,
        columnspacing=1.2,
        borderpad=0,
        borderaxespad=0,
        labelcolor=palette.INK,
    )
    return -(-len(handles) // ncols)


def empty(ax: Axes, title: str, word: str) -> Axes:
    """An empty chart, with a word why."""
    plain(ax)
    ax.set_xticks([])
    ax.set_yticks([])
    heading(ax, title, [])
    ax.text(0.5, 0.5, word, transform=ax.transAxes, ha="center", va="center", fontsize=10, color=palette.QUIET)
    return ax


# ---- what a table tells


def told(table: pd.DataFrame, *, n_judged: Any = None, n: Any = None) -> list[str]:
    """As at which date, which frameworks, how many judged: whatever the table tells by its columns or `attrs`."""
    return [part for part in (_dates(table), _frameworks(table), _judged(n_judged, n)) if part]


def _dates(table: pd.DataFrame) -> str:
    dates = table["as_at"].dropna() if "as_at" in table.columns else pd.Series(dtype=object)
    if len(dates):
        first, last = (date_in_words(date) for date in (dates.min(), dates.max()))
        return f"As at {last}" if first == last else f"As at dates from {first} to {last}"
    said = _attr(table, "as_at")
    return f"As at {date_in_words(said)}" if said else ""


def _frameworks(table: pd.DataFrame) -> str:
    if "framework" in table.columns:
        counted = table["framework"].value_counts(sort=False)
        return ", ".join(f"{name} {number:,}" for name, number in counted.items() if number)
    said = _attr(table, "framework")
    if not said:
        return ""
    names = [said] if isinstance(said, str) else [str(name) for name in said]
    return "all frameworks" if names == ["all"] else ", ".join(names)


def _judged(n_judged: Any, n: Any) -> str:
    if n_judged is None:
        return ""
    return f"{int(n_judged):,} judged" if n is None or int(n) == int(n_judged) else f"{int(n_judged):,} judged of {int(n):,}"


def _attr(table: pd.DataFrame, name: str) -> Any:
    attrs: Mapping[Any, Any] = table.attrs
    return attrs.get(name)


def date_in_words(date: Any) -> str:
    """``24 August 2026``, whatever the locale."""
    return dates.in_words(dates.day(date, "as_at"))


def scale_of_counts(table: pd.DataFrame, scale: GradeScale | None) -> GradeScale:
    """The scale whose grades have each a column of counts."""
    for candidate in SCALES if scale is None else (scale,):
        if set(candidate.columns) <= set(table.columns):
            return candidate
    wanted = (SCALES[0] if scale is None else scale).columns
    raise ValueError(
        f"the table has no column of counts for each grade ({', '.join(wanted)}; its columns: {', '.join(map(str, table.columns))}): "
        "give what aggregate or series returns"
    )


def labels_before(table: pd.DataFrame, first: str, *, without: Sequence[str] = ()) -> list[str]:
    """What each row is called: the columns before `first`, joined by a comma; a missing one is "not stated"."""
    place = table.columns.get_loc(require(table, first))
    assert isinstance(place, int)
    parts = [table[name] for name in table.columns[:place] if name not in without]
    if not parts:
        return ["All"] * len(table)
    return [", ".join("not stated" if pd.isna(value) else label_text(value) for value in row) for row in zip(*parts, strict=True)]


def label_text(value: Any) -> str:
    """A label as people write it: the standard names of judgements in words."""
    text = str(value)
    return in_words(text) if text in JUDGEMENTS else text


def in_words(name: str) -> str:
    """A column's name as a heading: ``help_and_protection`` is "Help and protection"."""
    return "Safeguarding board" if name == "lscb" else name.replace("_", " ").capitalize()


def require(table: pd.DataFrame, *names: str) -> str:
    """The first of the names, after a check that the table has them all."""
    for name in names:
        columns.column(table, name, "table")
    return names[0]


def shorten(text: str, length: int = 40) -> str:
    """A label that leaves room for the chart; dollar signs are kept from matplotlib, which would set a formula between two."""
    short = text if len(text) <= length else text[: length - 1].rstrip() + "…"
    return short.replace("$", r"\$")
