"""Draws the picture at the top of the README from the bundled table: ``python notebooks/readme_picture.py``."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

import ofsted_sif as sif

PICTURE = Path(__file__).with_suffix(".png")


def draw(path: Path) -> None:
    """Draw every authority's latest overall judgement, and beside it the shares of the grades as at each 31 March since 2015."""
    inspections = sif.load_inspections()
    rules = {"framework": ["SIF", "ILACS"], "having": "overall_effectiveness"}
    today = sif.as_at(inspections, inspections.attrs["complete_to"], **rules)
    dates = [f"{year}-03-31" for year in range(2015, 2027)]
    with matplotlib.rc_context(matplotlib.rcParamsDefault):  # whatever the settings of whoever draws it
        places = {"left": 0.02, "right": 0.98, "top": 0.84, "bottom": 0.06, "wspace": 0.14}
        figure, (left, right) = plt.subplots(1, 2, figsize=(12, 6), gridspec_kw=places)
        sif.plot.hex_map(today, title="Children's services in each English authority", ax=left)
        for text in left.texts:
            if text.get_transform() == left.transData:
                text.remove()  # the names in the hexagons, too small to be read here
        sif.plot.series(sif.series(inspections, dates, **rules), kind="areas", title="The shares on 31 March of each year", ax=right)
        figure.savefig(path, dpi=110, metadata={"Software": None})  # no version of matplotlib in the file
        plt.close(figure)


if __name__ == "__main__":
    matplotlib.use("Agg")
    draw(PICTURE)
