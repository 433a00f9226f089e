"""From one grade to the next: what became of providers between two inspections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ofsted_sif.plot import canvas, palette
from ofsted_sif.scales import GradeScale, grades, infer_scale
from ofsted_sif.table import columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GAP = 0.02  # between blocks, of the height of all


def changes(
    table: Any,
    *,
    kind: str = "alluvial",
    scale: GradeScale | None = None,
    title: str | None = None,
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the flow between the grades of two inspections, from what `changes` or `transitions` returns.

    Parameters
    ----------
    table : DataFrame
        One row per provider with `previous` and `latest`, or one per pair of grades with `grade_from`, `grade_to` and `n`. Groups and
        periods are added up.
    kind : {"alluvial", "heat"}, default "alluvial"
        ``alluvial``: ribbons from the grades before to the grades after, as wide as there are providers. ``heat``: one square per pair of
        grades, with its count, shaded by its share of the row.
    scale : GradeScale, optional
        The scale; by default the one that fits the column.
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
        If the table has neither pair of columns.
    ImportError
        If matplotlib is not installed; the message has the command that installs it.

    Examples
    --------
    >>> import pandas as pd
    >>> import ofsted_sif as sif
    >>> table = pd.DataFrame({"previous": ["Good", "Inadequate"], "latest": ["Outstanding", "Good"], "change": ["improved", "improved"]})
    >>> len(sif.plot.changes(table).patches)  # four blocks and two ribbons
    6
    """
    table = columns.as_frame(table)
    if kind not in ("alluvial", "heat"):
        raise ValueError(f"kind={kind!r} is not one of 'alluvial', 'heat'")
    subject = f"{canvas.subject_of(table) or 'Grades'} from one inspection to the next"
    before, after = ("grade_from", "grade_to") if "grade_from" in table.columns else ("previous", "latest")
    canvas.require(table, before, after, *(["n"] if before == "grade_from" else []))
    number = table["n"].to_numpy() if before == "grade_from" else np.ones(len(table), dtype=np.int64)
    if not number.sum():
        return canvas.empty(canvas.axes(ax, 7, 2), canvas.titled(title, subject, table), "No provider was inspected twice")
    scale = infer_scale(table[before]) if scale is None else scale
    n = len(scale.labels)
    # Codes are worst first; rows and columns here best first.
    rows, cols = (n - 1 - np.asarray(grades(table[name], scale, column=name).codes) for name in (before, after))
    known = (rows < n) & (cols < n)
    flow = np.zeros((n, n), dtype=np.int64)
    np.add.at(flow, (rows[known], cols[known]), number[known])

    ax = canvas.axes(ax, 7, 4.8)
    canvas.plain(ax)
    if kind == "heat":
        canvas.fit(ax)
        if ax.get_window_extent().width / ax.figure.dpi / n < 0.8:  # inches per square
            ax.tick_params(axis="x", labelsize=6)
    improved, declined = int(np.tril(flow, -1).sum()), int(np.triu(flow, 1).sum())
    said = [f"{flow.sum():,} inspected again: {improved:,} improved, {np.trace(flow):,} the same, {declined:,} declined"]
    unknown = number.sum() - flow.sum()
    said.append(f"{unknown:,} without a grade before or after" if unknown else "")
    pairs = [(scale.labels[old], scale.labels[new], int(flow[old, new])) for old in range(n) for new in range(n)]
    canvas.behind(ax, "From the grade before to the grade after", [f"{old} to {new}: {count:,}" for old, new, count in pairs if count])
    (_ribbons if kind == "alluvial" else _squares)(ax, flow, scale)
    canvas.heading(ax, canvas.titled(title, subject, table), [*canvas.told(table, title), *said], source=source)
    return ax


def _ribbons(ax: Axes, flow: np.ndarray, scale: GradeScale) -> None:
    from matplotlib.patches import PathPatch, Rectangle
    from matplotlib.path import Path

    fills = list(palette.fills(scale).values())
    total, gap = flow.sum(), _GAP
    tops = []
    for side, sums in enumerate((flow.sum(axis=1), flow.sum(axis=0))):
        top = 1 + gap * (np.count_nonzero(sums) - 1) / 2
        starts = np.zeros(len(sums))
        for grade, (label, count) in enumerate(zip(scale.labels, sums, strict=True)):
            if not count:
                continue
            height = count / total
            starts[grade] = top
            ax.add_patch(Rectangle((side - 0.02 * (1 - side), top - height), 0.02, height, facecolor=fills[grade], edgecolor="none"))
            text = f"{label}  {count:,}" if side == 0 else f"{count:,}  {label}"
            place, align = (-0.035, "right") if side == 0 else (1.035, "left")
            ax.text(
                place,
                top - height / 2,
                canvas.shorten(text),
                ha=align,
                va="center_baseline",
                fontsize=9,
                color=canvas.on_paper(ax, palette.INK),
            )
            top -= height + gap
        tops.append(starts)
    left, right = tops
    for before in range(len(flow)):
        for after in range(len(flow)):
            width = flow[before, after] / total
            if not width:
                continue
            high, low = left[before], right[after]
            left[before] -= width
            right[after] -= width
            points = [
                (0, high),
                (0.5, high),
                (0.5, low),
                (1, low),
                (1, low - width),
                (0.5, low - width),
                (0.5, high - width),
                (0, high - width),
                (0, high),
            ]
            curve, line = Path.CURVE4, Path.LINETO
            path = Path(points, [Path.MOVETO, curve, curve, curve, line, curve, curve, curve, Path.CLOSEPOLY])
            # A change has the colour of where it leads; no change stays quiet.
            ax.add_patch(PathPatch(path, facecolor=fills[after], alpha=0.25 if before == after else 0.75, edgecolor="white", linewidth=0.5))
    ax.set_xlim(-0.55, 1.55)
    ax.set_ylim(-0.06, 1.06)
    ax.set_xticks([0, 1], ["Before", "After"])
    ax.set_yticks([])


def _squares(ax: Axes, flow: np.ndarray, scale: GradeScale) -> None:
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    with np.errstate(invalid="ignore"):
        share = flow / flow.sum(axis=1, keepdims=True)
    shades = LinearSegmentedColormap.from_list("accent", ["#ffffff", palette.ACCENT])
    ax.imshow(np.nan_to_num(share), cmap=shades, vmin=0, vmax=1, aspect="auto")
    for (row, col), count in np.ndenumerate(flow):
        colour = palette.text_on(to_hex(shades(float(np.nan_to_num(share[row, col])))))
        ax.text(col, row, f"{count:,}", ha="center", va="center_baseline", fontsize=10, color=colour)
    names = [label.replace(" ", "\n", 1) for label in scale.labels]
    ax.set_xticks(range(len(names)), names, color=canvas.on_paper(ax, palette.INK))
    ax.set_yticks(range(len(names)), scale.labels, color=canvas.on_paper(ax, palette.INK))
    ax.set_xlabel("After; shaded by the share of the row", color=canvas.on_paper(ax, palette.QUIET), fontsize=9)
    ax.set_ylabel("Before", color=canvas.on_paper(ax, palette.QUIET), fontsize=9)
    for edge in np.arange(-0.5, len(flow)):
        ax.axhline(edge, color="white", linewidth=2)
        ax.axvline(edge, color="white", linewidth=2)
