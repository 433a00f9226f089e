"""What the pictures share: axes to draw on, a heading that says what is shown, the legend of grades, and what a table tells of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ofsted_sif.installed import need
from ofsted_sif.plot import files, palette
from ofsted_sif.scales import JUDGEMENTS, SCALES, GradeScale
from ofsted_sif.table import columns, dates

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Inches that a row with a name needs.
MOST_LINES = 18  # as many names as stand beside the axes without touching
LOWEST_ROW = 0.15

#: The contrast of text: headings and names stand out from captions on dark paper as on white.
_TEXT = {palette.INK: 12.0, palette.QUIET: 6.0}

# ---- axes


def axes(ax: Axes | None, width: float, height: float) -> Axes:
    """The axes that were given, or those of a new figure of that size in inches."""
    if ax is not None:
        return ax
    plt = need("matplotlib.pyplot", "plot", "pictures")
    return plt.figure(figsize=(width, height), layout="constrained").add_subplot()


def paper(ax: Axes) -> str:
    """The colour behind what is written beside the chart, and in it where the axes are clear: white where nothing is painted."""
    from matplotlib.colors import to_hex, to_rgba

    colour = to_rgba(ax.figure.get_facecolor())
    return to_hex(colour) if colour[3] >= 0.5 else palette.PAPER


def ground(ax: Axes) -> str:
    """The colour of the chart's own area."""
    from matplotlib.colors import to_hex, to_rgba

    colour = to_rgba(ax.get_facecolor())
    return to_hex(colour) if colour[3] >= 0.5 else paper(ax)


def on_paper(ax: Axes, colour: str) -> str:
    """A colour of text that can be read beside the chart: headings and names stand out from captions on dark paper as on white."""
    return palette.readable(colour, paper(ax), _TEXT.get(colour, 4.5))


def on_ground(ax: Axes, colour: str, least: float | None = None) -> str:
    """A colour of text, or with `least=3` of a mark, that can be seen within the chart."""
    return palette.readable(colour, ground(ax), _TEXT.get(colour, 4.5) if least is None else least)


def outline(ax: Axes, fill: str) -> str:
    """The colour of a line around a fill that could hardly be told from the chart's area; else none."""
    return on_ground(ax, palette.QUIET, 3) if palette.contrast(fill, ground(ax)) < 3 else "none"


def few_dates(ax: Axes) -> None:
    """As many years along the axis as can be read side by side."""
    from matplotlib.dates import AutoDateFormatter, AutoDateLocator

    fit(ax)
    inches = ax.get_window_extent().width / ax.figure.dpi
    locator = AutoDateLocator(minticks=2, maxticks=max(2, int(inches / 0.5)))  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(AutoDateFormatter(locator))  # type: ignore[no-untyped-call]


def fit(ax: Axes) -> None:
    """Draw the axes in until all that belongs to them lies in their cell of the figure.

    For axes of `plt.subplots()`, whose place was reckoned before there was a heading. Axes placed by hand and figures with a layout of
    their own are left alone.
    """
    from matplotlib.transforms import Bbox

    spec, figure = ax.get_subplotspec(), ax.get_figure()
    if spec is None or figure is None or figure.get_layout_engine() is not None:
        return
    grid = spec.get_topmost_subplotspec().get_gridspec()
    spec = spec.get_topmost_subplotspec()
    whole = figure.bbox
    left, right = (whole.x0 + whole.width * place / grid.ncols for place in (spec.colspan.start, spec.colspan.stop))
    bottom, top = (whole.y1 - whole.height * place / grid.nrows for place in (spec.rowspan.stop, spec.rowspan.start))
    edge = 8 * figure.dpi / 72  # points of clear paper; letters grow a little when saved at another resolution
    for _ in range(2):  # ticks may change with the size
        tight = ax.get_tightbbox()
        if tight is None:
            return
        now = ax.get_window_extent()
        x0, x1 = now.x0 + max(0.0, left + edge - tight.x0), now.x1 - max(0.0, tight.x1 - right + edge)
        y0, y1 = now.y0 + max(0.0, bottom + edge - tight.y0), now.y1 - max(0.0, tight.y1 - top + edge)
        x1, y1 = max(x1, x0 + 0.1 * now.width), max(y1, y0 + 0.1 * now.height)
        ax.set_position(Bbox.from_extents(x0, y0, x1, y1).transformed(figure.transSubfigure.inverted()))


def plain(ax: Axes, *, grid: str | None = None) -> None:
    """Leave of the frame only what is read: no spines, quiet ticks, a grid along one axis where asked."""
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(length=0, colors=on_paper(ax, palette.QUIET), labelsize=9)
    ax.set_axisbelow(True)
    ax.grid(False)  # a style may have set one, through the texts
    if grid is not None:
        ax.grid(axis=grid, color=palette.RULE if palette.luminance(ground(ax)) > 0.5 else palette.QUIET, linewidth=0.8)  # type: ignore[arg-type]


def _letters_across(ax: Axes) -> int:
    """How many letters of the heading's size the axes are wide: about 14 an inch."""
    return max(30, int(14 * ax.get_window_extent().width / ax.figure.dpi))


def heading(ax: Axes, title: str, told: Sequence[str], *, legend_rows: int = 0, source: str | None = None) -> None:
    """The title and under it, quieter, what the table tells of itself; both flush left above the axes and the rows of their legend.

    Below the axes the source, where one is given. From here on files of the figure carry the picture in words.
    """
    from textwrap import wrap

    fit(ax)  # the heading is as wide as the axes are in the end
    lines = wrap("  ·  ".join(part for part in told if part), _letters_across(ax))  # a longer line would take its room from the chart
    lift = 6 + 16 * legend_rows
    ax._ofsted_sif_heading = [title, *(part for part in told if part)]  # type: ignore[attr-defined]

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
        write(line, fontsize=9, color=on_paper(ax, palette.QUIET))
        lift += 14
    for line in reversed(wrap(title, max(20, int(0.7 * _letters_across(ax)))) or [""]):
        write(line, fontsize=12, fontweight="bold", color=on_paper(ax, palette.INK))
        lift += 17
    if source is not None:
        _write_source(ax, source)
    fit(ax)
    files.tell(ax.figure, ax, describe)


def _write_source(ax: Axes, source: str) -> None:
    """The source, below all that stands below the axes."""
    from textwrap import fill

    drawn = ax.get_tightbbox()
    depth = 0.0 if drawn is None else (ax.get_window_extent().y0 - drawn.y0) * 72 / ax.figure.dpi
    ax.annotate(
        fill(f"Source: {source}", _letters_across(ax)).replace("$", r"\$"),
        (0, 0),
        (0, -depth - 6),
        "axes fraction",
        "offset points",
        annotation_clip=False,
        ha="left",
        va="top",
        fontsize=8,
        color=on_paper(ax, palette.QUIET),
    )
    ax._ofsted_sif_heading.append(f"Source: {source}")  # type: ignore[attr-defined]


def check_rows(ax: Axes | None, n: int) -> None:
    """Refuse axes that are given and too low for so many named rows."""
    if ax is None:
        return
    height = ax.get_window_extent().height / ax.figure.dpi
    if n > 1 and height / n < LOWEST_ROW:
        raise ValueError(
            f"{n} rows cannot be read in axes that are {height:.1f} inches high: give a figure at least {n * LOWEST_ROW + 1.5:.0f} inches "
            "high, leave ax= out, choose fewer rows, or name those to look at with highlight= where the picture takes it"
        )


def check_lines(n: int, cure: str) -> None:
    """Refuse more lines than can be told apart."""
    if n > MOST_LINES:
        raise ValueError(f"nobody can tell {n} lines apart: {cure}")


def chosen(highlight: str | Sequence[str] | None, labels: Sequence[str]) -> list[str] | None:
    """The groups to highlight, after a check that the table has them; None: all alike."""
    if highlight is None:
        return None
    wanted = [highlight] if isinstance(highlight, str) else list(highlight)
    if unknown := [name for name in wanted if name not in labels]:
        known = ", ".join(list(dict.fromkeys(labels))[:5])
        raise ValueError(f"highlight names {', '.join(map(repr, unknown))}, and the table has no such group ({known}, ...)")
    return wanted


def height_of_rows(n: int, wanted: Sequence[str] | None, row: float) -> float:
    """The height in inches of so many rows: those that are not highlighted need no room for a name."""
    return row * n if wanted is None else max(0.07 * n, row * min(len(wanted), n), 1.5)


def name_rows(ax: Axes, labels: Sequence[str], wanted: Sequence[str] | None) -> None:
    """Name the rows from the top at the left of the axes; where some are highlighted only these, moved apart where they are close."""
    colour = on_paper(ax, palette.INK)
    if wanted is None:
        ax.set_yticks(range(len(labels)), [shorten(label) for label in labels], color=colour)
        return
    rows = [row for row, label in enumerate(labels) if label in wanted]
    letters = 14 / 72 * ax.figure.dpi / max(ax.get_window_extent().height, 1.0)  # of the axes' height, for a name
    heights = apart(np.array([(row + 0.5) / len(labels) for row in rows]), min(letters, 1 / max(len(rows), 1)))
    for row, height in zip(rows, heights, strict=True):
        ax.annotate(
            shorten(labels[row]),
            (0, row),
            (-8, 1 - height),
            xycoords=ax.get_yaxis_transform(),
            textcoords=("offset points", "axes fraction"),
            ha="right",
            va="center_baseline",
            fontsize=9,
            color=colour,
            annotation_clip=False,
        )
    ax.set_yticks([])


def name_ends(ax: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Write each line's name (height, name, colour) at the right of the axes, moved apart where names would overlap."""
    ends = sorted(ends)
    inches = ax.get_window_extent().height / ax.figure.dpi
    heights = apart(np.array([end[0] for end in ends]), max(0.052, 12 / 72 / max(inches, 0.1)))
    for (height, name, colour), y in zip(ends, heights, strict=True):
        ax.annotate(
            shorten(name, 34),
            (1, height),
            (4, y),
            xycoords=("axes fraction", "data"),
            textcoords=("offset points", "data"),
            va="center_baseline",
            fontsize=9,
            color=on_paper(ax, colour),
            annotation_clip=False,
        )


def apart(heights: np.ndarray, step: float) -> np.ndarray:
    """Rising heights moved as little as makes them `step` apart: those that crowd are spread about their mean, within 0 and 1."""
    blocks: list[list[float]] = []  # sum of (height - place * step), how many
    for place, height in enumerate(heights):
        blocks.append([height - place * step, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + last[0], blocks[-1][1] + last[1]]
    spread = np.repeat([total / size for total, size in blocks], [int(size) for _, size in blocks])
    return np.clip(spread, 0, max(0.0, 1 - (len(heights) - 1) * step)) + np.arange(len(heights)) * step


def legend(ax: Axes, scale: GradeScale, *, not_judged: bool = False) -> int:
    """The grades' colours above the axes, best first, in as few rows as hold them; returns how many."""
    from matplotlib.patches import Patch
    from matplotlib.transforms import ScaledTranslation

    figure = ax.get_figure()
    assert figure is not None
    fit(ax)  # the legend is as wide as the axes are in the end
    handles = [Patch(facecolor=fill, edgecolor=palette.INK, linewidth=0.5, label=label) for label, fill in palette.fills(scale).items()]
    if not_judged:
        handles.append(Patch(facecolor=palette.NO_GRADE, edgecolor=palette.NO_GRADE_HATCH, hatch="////", linewidth=0.5, label="Not judged"))
    # A patch and the gaps beside it take about 4 letters; the columns of several rows are each as wide as their longest.
    width = [len(str(handle.get_label())) + 4 for handle in handles]
    across = int(0.88 * _letters_across(ax))  # with the gaps between them
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
        labelcolor=on_paper(ax, palette.INK),
    )
    return -(-len(handles) // ncols)


def empty(ax: Axes, title: str, word: str) -> Axes:
    """An empty chart, with a word why."""
    plain(ax)
    ax.set_xticks([])
    ax.set_yticks([])
    behind(ax, word, [])
    heading(ax, title, [])
    ax.text(0.5, 0.5, word, transform=ax.transAxes, ha="center", va="center", fontsize=10, color=on_ground(ax, palette.QUIET))
    return ax


# ---- for those who do not see the picture


def behind(ax: Axes, kind: str, rows: Sequence[str]) -> None:
    """Keep with the axes what kind of picture they hold and, in words, the rows of the table behind it."""
    ax._ofsted_sif_behind = (kind, list(rows))  # type: ignore[attr-defined]


def describe(ax: Axes) -> str:
    """Say in words what a picture shows, from the table behind it: a text for those who cannot see the picture.

    Parameters
    ----------
    ax : matplotlib Axes
        As a function of `ofsted_sif.plot` returned them.

    Returns
    -------
    str
        The title, the kind of picture, what the table says of itself, and one sentence per row.

    Raises
    ------
    ValueError
        For axes on which no function of `ofsted_sif.plot` has drawn.

    Notes
    -----
    Put it where the picture goes: the ``alt`` of a web page, "Alt text" of a document. Files that ``ax.figure.savefig`` writes have it in
    them already (SVG: ``title`` and ``desc``; PNG: ``Title`` and ``Description``; PDF: ``Title`` and ``Subject``), and notebooks show
    it where they cannot show the picture.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> state = sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))
    >>> text = sif.plot.describe(sif.plot.shares(sif.aggregate(state, "region")))
    >>> text[:81]
    'Grades by region as at 31 March 2024. Stacked bars, one per group. SIF, ILACS. 15'
    """
    said = getattr(ax, "_ofsted_sif_heading", None)
    if said is None:
        raise ValueError("these axes hold no picture of ofsted_sif.plot: give the axes that its functions return")
    kind, rows = getattr(ax, "_ofsted_sif_behind", ("", []))
    return " ".join(f"{part.rstrip('.')}." for part in (said[0], kind, *said[1:], *rows) if part)


def counts_in_words(table: pd.DataFrame, names: Sequence[str], scale: GradeScale) -> list[str]:
    """A sentence a row of counts: the group, how many were judged, and how many have each grade."""
    rows = []
    for name, row in zip(names, table.to_dict("records"), strict=True):
        grades = ", ".join(f"{row[column]:,g} {label.lower()}" for column, label in zip(scale.columns, scale.labels, strict=True))
        rows.append(f"{name}: {row['n_judged']:,g} judged; {grades}" if row["n_judged"] else f"{name}: none judged")
    return rows


# ---- what a table tells


def told(table: pd.DataFrame, title: str | None, *, n_judged: Any = None, n: Any = None) -> list[str]:
    """As at which date, which frameworks, how many judged: whatever the table tells by its columns or `attrs`.

    The date only beside a title of the user's own: the title that `titled` makes has it.
    """
    date = "" if title is None else as_at_in_words(table)
    return [part for part in (date[:1].upper() + date[1:], _frameworks(table), _judged(n_judged, n)) if part]


def titled(title: str | None, subject: str, table: pd.DataFrame, place: str = "") -> str:
    """The user's title, or one that says what is shown, where, and as at which date."""
    if title is not None:
        return title
    date = as_at_in_words(table)
    return subject + (f", {place}" if place else "") + (f" {date}" if date else "")


def as_at_in_words(table: pd.DataFrame) -> str:
    """``as at 31 March 2024``, or the first and the last of several dates; nothing where the table does not say."""
    said = table["as_at"].dropna() if "as_at" in table.columns else pd.Series(dtype=object)
    if len(said):
        first, last = (date_in_words(date) for date in (said.min(), said.max()))
        return f"as at {last}" if first == last else f"from {first} to {last}"
    if {"period_start", "period_end"} <= set(table.columns) and len(table):
        return f"from {date_in_words(table['period_start'].min())} to {date_in_words(table['period_end'].max())}"
    known = _attr(table, "as_at")
    return f"as at {date_in_words(known)}" if known else ""


def subject_of(table: pd.DataFrame) -> str:
    """The judgement of which the table says in its `attrs` that it tells; nothing where it does not say."""
    said = _attr(table, "judgement")
    return in_words(said) if isinstance(said, str) else ""


def by_in_words(table: pd.DataFrame, by: str | Sequence[str] | None, scale: GradeScale | None = None) -> str:
    """`` by region``: the columns that name the groups; nothing where there is none."""
    names = [by] if isinstance(by, str) else list(by) if by is not None else _label_columns(table, scale)
    listed = [in_words(str(name)).removesuffix(" name").lower() for name in names]
    return f" by {' and '.join(listed)}" if listed else ""


def place_of(table: pd.DataFrame) -> str:
    """The one region to which all rows belong, or nothing."""
    regions = list(table["region"].dropna().unique()) if "region" in table.columns else []
    return str(regions[0]) if len(regions) == 1 and bool(table["region"].notna().all()) else ""


def _frameworks(table: pd.DataFrame) -> str:
    if "framework" in table.columns and {"n", "at_risk"} & set(table.columns):  # a result: its rows are groups, not inspections
        return ", ".join(str(name) for name in table["framework"].dropna().unique())
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


# Every column that a result of the table functions may have besides its labels.
_OWN = frozenset(
    [
        "as_at",
        "period_start",
        "period_end",
        "n",
        "n_judged",
        "n_not_judged",
        "n_shared",
        "n_missing",
        "n_repeated",
        "n_missing_weight",
        "lower",
        "upper",
        "method",
        "statistic",
        "z",
        "p",
        "p_adjusted",
        "tau",
        "slope_per_year",
        "exact",
        "years",
        "at_risk",
        "events",
        "censored",
        "survival",
        "median",
        "improved",
        "same",
        "declined",
        "not_comparable",
        "improved_share",
        "declined_share",
        "estimate",
        "standard_error",
        "level",
        "share",
        "deff",
        "difference",
        "up",
        "down",
        "probability",
        "years_in_grade",
        "years_lower",
        "years_upper",
        "df",
        "k",
        "target",
        "phi",
        "tau2",
        "weight_empty",
    ]
)
# So begin further columns of results.
_OWN_BEGIN = ("share_", "n_", "lower_", "upper_", "shrunk_", "same_")


def labels(table: pd.DataFrame, by: str | Sequence[str] | None = None, scale: GradeScale | None = None) -> list[str]:
    """What each row is called: the columns named, or all that are no result's own, joined by a comma; a missing one is "not stated"."""
    names = [by] if isinstance(by, str) else list(by) if by is not None else _label_columns(table, scale)
    for name in names:
        columns.column(table, name, "by")
    parts = [table[name] for name in names]
    if not parts:
        return ["All"] * len(table)
    return [", ".join("not stated" if pd.isna(value) else label_text(value) for value in row) for row in zip(*parts, strict=True)]


def _label_columns(table: pd.DataFrame, scale: GradeScale | None) -> list[Any]:
    own = set(_OWN)
    for known in (*SCALES, *([] if scale is None else [scale])):
        own |= {*known.columns, *([] if known.threshold_column is None else [known.threshold_column])}
    return [name for name in table.columns if name not in own and not str(name).startswith(_OWN_BEGIN)]


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
