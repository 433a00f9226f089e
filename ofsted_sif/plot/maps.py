"""One hexagon per provider, so that every authority counts the same to the eye."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ofsted_sif.datasets import load_hex_map
from ofsted_sif.plot import canvas, palette
from ofsted_sif.plot.hexagons import borders, centre, corners, short_names
from ofsted_sif.scales import GradeScale, grades, infer_scale
from ofsted_sif.table import columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SMALLEST = 4  # points; a smaller name is a blot


def _letter_size(ax: Axes, across: float, up: float) -> float:
    """In points, at most 6.5: four letters, each up to 0.7 of their size wide, in nine tenths of a hexagon of a map so wide and high."""
    window = ax.get_window_extent()
    hexagon = min(window.width / across, window.height / up) * 72 / ax.figure.dpi
    return min(6.5, 0.9 * hexagon / (4 * 0.7))


def hex_map(
    table: Any,
    *,
    judgement: str = "overall_effectiveness",
    scale: GradeScale | None = None,
    hexagons: Any = None,
    provider: str = "provider",
    title: str | None = None,
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a map of England with a hexagon for each local authority, coloured by grade, from what `as_at` returns.

    Parameters
    ----------
    table : DataFrame
        One row per provider, as `as_at` returns it. With a column `region`, dark lines part the regions.
    judgement : str, default "overall_effectiveness"
        The column of grades.
    scale : GradeScale, optional
        Its scale; by default the one that fits the column.
    hexagons : DataFrame, optional
        A table with the columns provider, provider_name, q and r; by default `load_hex_map`, the 153 present authorities.
    provider : str, default "provider"
        The table's column of providers.
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
        For a missing column, a provider with several rows (a hexagon has one grade), or a table of which no provider is on the map.
    ImportError
        If matplotlib is not installed; the message has the command that installs it.

    Notes
    -----
    A hexagon is hatched where its provider has no grade or is not in the table. Providers without a hexagon are counted in the heading.
    Names are left out of axes too small for them.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> state = sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))
    >>> len(sif.plot.hex_map(state).patches)
    153
    """
    table = columns.as_frame(table)
    subject = canvas.in_words(judgement)
    if not len(table):
        return canvas.empty(canvas.axes(ax, 7, 2), canvas.titled(title, subject, table), "No providers to show")
    canvas.require(table, judgement, provider)
    scale = infer_scale(table[judgement]) if scale is None else scale
    keys = table[provider].astype(object)
    if (again := keys.duplicated()).any():
        raise ValueError(f"{provider} {keys[again].iloc[0]!r} has several rows, and a hexagon has one grade: give what as_at returns")
    grade = dict(zip(keys, grades(table[judgement], scale, column=judgement).tolist(), strict=True))
    places = columns.as_frame(load_hex_map() if hexagons is None else hexagons)
    if not set(grade) & set(places["provider"]):
        kind = (
            "English local authorities by their ONS code; for others give hexagons=" if hexagons is None else "the providers of hexagons="
        )
        raise ValueError(
            f"none of the {len(grade):,} providers is on the map (column {provider!r}, the first {keys.iloc[0]!r}): it takes {kind}, "
            f"such as {places['provider'].iloc[0]!r}"
        )

    from matplotlib.patches import Polygon

    across, up = (places[column].max() - places[column].min() + 2 for column in ("q", "r"))
    ax = canvas.axes(ax, 7, 0.8 + 7 * 0.87 * up / across)
    fills = palette.fills(scale)
    size = _letter_size(ax, float(across), float(up) * 0.87)
    hatched = False
    short = short_names([str(name) for name in places["provider_name"]])
    for key, name, q, r in zip(places["provider"].tolist(), short, places["q"].tolist(), places["r"].tolist(), strict=True):
        fill = fills.get(str(grade.get(key)))
        hatched |= fill is None
        look = (
            {"facecolor": fill}
            if fill
            else {"facecolor": palette.NO_GRADE, "hatch": "////", "edgecolor": palette.NO_GRADE_HATCH, "linewidth": 0}
        )
        ax.add_patch(Polygon(corners(q, r), closed=True, **({"edgecolor": "white", "linewidth": 1.2} | look)))
        if size < _SMALLEST:
            continue
        colour = palette.text_on(fill) if fill else palette.INK
        x, y = centre(q, r)
        halo = None if fill else {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        ax.text(x, y, canvas.shorten(name), ha="center", va="center_baseline", fontsize=size, color=colour, bbox=halo)
    if "region" in table.columns:
        region = dict(zip(keys, table["region"].astype(object), strict=True))
        known = {(q, r): region[key] for key, q, r in zip(places["provider"], places["q"], places["r"], strict=True) if key in region}
        for (x0, y0), (x1, y1) in borders(known):
            ax.plot([x0, x1], [y0, y1], color=canvas.on_ground(ax, palette.INK, 3), linewidth=1.6, solid_capstyle="round")
    canvas.plain(ax)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_aspect("equal", adjustable="datalim")  # the axes keep their room, and so the heading above them
    ax.margins(0.01)
    ax.autoscale_view()
    n_judged = sum(pd.notna(value) for value in grade.values())
    off_map = len(set(grade) - set(places["provider"]))
    named = zip(_called(table, keys), keys, strict=True)
    rows = [f"{name}: {'not judged' if pd.isna(grade[key]) else grade[key]}" for name, key in named]
    canvas.behind(ax, "A map of hexagons, one per provider", rows)
    legend_rows = canvas.legend(ax, scale, not_judged=hatched)
    said = canvas.told(table, title, n_judged=n_judged, n=len(table))
    said.append(f"{off_map:,} without a hexagon" if off_map else "")
    # A table that has every authority of the map is one of England.
    place = "England" if hexagons is None and set(places["provider"]) <= set(grade) else canvas.place_of(table)
    canvas.heading(ax, canvas.titled(title, subject, table, place), said, legend_rows=legend_rows, source=source)
    return ax


def _called(table: pd.DataFrame, keys: pd.Series) -> list[str]:
    """What each provider is called: its name, or its key where there is none."""
    names = table["provider_name"].astype(object) if "provider_name" in table.columns else keys
    return [str(key) if pd.isna(name) else str(name) for name, key in zip(names, keys, strict=True)]
