"""The map of hexagons, in units of a pixel."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ofsted_sif.datasets import load_hex_map
from ofsted_sif.plot.hexagons import borders, centre, corners, short_names

_SIZE = 44  # pixels from one centre to the next


def places_of(state: pd.DataFrame) -> pd.DataFrame | None:
    """The hexagons, where most providers of the table have one."""
    hexagons = load_hex_map()
    on_map = state["provider"].astype(str).isin(set(hexagons["provider"].astype(str)))
    return hexagons if 2 * on_map.sum() >= len(state) else None


def hex_map(places: pd.DataFrame, people: list[dict[str, Any]]) -> dict[str, Any]:
    """Hexagons from the north downwards, those of a row from west to east."""
    by_key = {str(person["key"]): person for person in people}
    top = max(centre(0, r)[1] for r in places["r"]) + 0.6
    left = min(centre(q, r)[0] for q, r in zip(places["q"], places["r"], strict=True)) - 0.55
    right = max(centre(q, r)[0] for q, r in zip(places["q"], places["r"], strict=True)) + 0.55

    def pixel(point: tuple[float, float]) -> tuple[float, float]:
        return round((point[0] - left) * _SIZE, 1), round((top - point[1]) * _SIZE, 1)

    short = dict(zip(places["provider"], short_names([str(name) for name in places["provider_name"]]), strict=True))
    bottom = min(centre(0, r)[1] for r in places["r"]) - 0.6
    hexes: list[dict[str, Any]] = []
    region = {}
    for row in places.sort_values(["r", "q"], ascending=[False, True]).to_dict("records"):
        person = by_key.get(str(row["provider"]))
        x, y = pixel(centre(row["q"], row["r"]))
        points = " ".join(f"{px:g},{py:g}" for px, py in map(pixel, corners(row["q"], row["r"])))
        hexes.append(
            {
                "person": person,
                "key": str(row["provider"]),
                "name": str(row["provider_name"]),
                "short": short[row["provider"]],
                "x": x,
                "y": y,
                "points": points,
            }
        )
        if person is not None and person["region"]:
            region[row["q"], row["r"]] = person["region"]
    lines = [(*pixel(a), *pixel(b)) for a, b in borders(region)]
    off = [person["label"] for person in people if str(person["key"]) not in set(places["provider"].astype(str))]
    return {
        "hexes": hexes,
        "lines": lines,
        "off": off,
        "none": any(hex["person"] is None or hex["person"]["grade"]["place"] < 0 for hex in hexes),
        "newer": any(hex["person"] is not None and hex["person"]["newer"] for hex in hexes),
        "width": round((right - left) * _SIZE),
        "height": round((top - bottom) * _SIZE),
    }
