"""The pictures: that they show the numbers of their tables, say what they show, and can be read by everybody."""

import io
import os
import subprocess
import sys
import warnings
from functools import cache, partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif.plot import canvas, palette
from tests.support import kinds
from tests.test_kinds_of_table import TABLES

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.colors import to_hex, to_rgb  # noqa: E402
from matplotlib.testing.compare import compare_images  # noqa: E402

NAMES = ["shares", "series", "changes", "decomposition", "history", "funnel", "hex_map", "survival", "states", "forest"]
PICTURES = Path(__file__).parent / "pictures"
SCALES = {"FOUR_POINT": sif.FOUR_POINT, "REPORT_CARD": sif.REPORT_CARD, "MET": sif.MET}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def state():
    return sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))


@pytest.fixture(scope="module")
def regions(state):
    return sif.aggregate(state, "region")


@pytest.fixture(scope="module")
def years():
    dates = [f"{year}-03-31" for year in range(2019, 2026)]
    return sif.series(sif.load_inspections(), dates, framework=["SIF", "ILACS"])


@pytest.fixture(scope="module")
def pairs():
    rows = {
        "grade_from": ["Good", "Good", "Inadequate", "Outstanding"],
        "grade_to": ["Outstanding", "Good", "Good", "Inadequate"],
        "n": [3, 5, 2, 1],
    }
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def waiting():
    return pd.DataFrame(
        {
            "framework": ["SIF"] * 3 + ["ILACS"] * 2,
            "years": [1.0, 2.0, 3.0, 0.5, 4.0],
            "at_risk": [10, 8, 4, 6, 3],
            "events": [2, 3, 1, 3, 1],
            "censored": [0, 1, 3, 0, 2],
            "survival": [0.8, 0.5, 0.375, 0.5, 1 / 3],
            "lower": [0.4, 0.2, 0.1, 0.1, 0.05],
            "upper": [0.95, 0.75, 0.65, 0.8, 0.7],
        }
    )


@pytest.fixture(scope="module")
def slopes():
    return pd.DataFrame(
        {
            "region": ["North", "South"],
            "method": "theil-sen",
            "n": [12, 9],
            "slope_per_year": [0.1, -0.05],
            "lower": [0.02, -0.2],
            "upper": [0.2, 0.1],
        }
    )


@pytest.fixture(scope="module")
def futures():
    at = [0.5, 1, 2, 3, 4, 5, 6]
    return sif.state_probabilities(sif.load_inspections(), start="Inadequate", at=at, framework=["SIF", "ILACS"])


def words(ax):
    """Every text of a picture."""
    ax.figure.draw_without_rendering()
    legend = ax.get_legend()
    return [text.get_text() for text in [*ax.texts, *ax.get_yticklabels(), *ax.get_xticklabels(), *(legend.get_texts() if legend else [])]]


def said(ax):
    return " ".join(words(ax))


# ---- colours, by computation

# Machado, Oliveira and Fernandes (2009), table 1, severity 1.0; on linear RGB.
SEEN = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour):
    channels = np.array(to_rgb(colour))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def cielab(colour, seen):
    """CIE 1976 L*a*b* under D65 of a colour as seen through a matrix."""
    light = np.clip(np.asarray(seen) @ linear(colour), 0, 1)
    xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]) @ light
    f = [np.cbrt(t) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in xyz / [0.95047, 1, 1.08883]]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_grades_are_told_apart_however_colours_are_seen(scale, seen):
    seen_as = [cielab(fill, seen) for fill in palette.fills(scale).values()]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen_as, 2)) >= 15
    lightness = np.array([colour[0] for colour in seen_as])
    assert (np.diff(lightness) <= -10).all(), "the worse the darker, in grey too"


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_text_on_every_grade_has_contrast(scale):
    for fill in [*palette.fills(scale).values(), palette.NO_GRADE]:
        text, ground = linear(palette.text_on(fill)), linear(fill)
        high, low = sorted((np.dot([0.2126, 0.7152, 0.0722], colour) + 0.05 for colour in (text, ground)), reverse=True)
        assert high / low >= 4.5
        assert palette.contrast(palette.text_on(fill), fill) == pytest.approx(high / low)
    assert palette.contrast(palette.QUIET, palette.PAPER) >= 4.5


def test_a_scale_of_ones_own_gets_distinct_colours_that_darken():
    for size in (1, 3, 6, 7):
        scale = sif.GradeScale("own", tuple(f"Grade {place}" for place in range(size)))
        light = [palette.luminance(fill) for fill in palette.fills(scale).values()]
        assert len(light) == size
        assert light == sorted(set(light), reverse=True)


# ---- what the pictures show


def test_shares_are_as_wide_as_the_table_says_and_carry_its_counts(regions):
    ax = sif.plot.shares(regions)
    widths = np.array([[bar.get_width() for bar in container] for container in ax.containers]).T
    names = [label.get_text() for label in ax.get_yticklabels()]
    table = regions.set_index("region").loc[names]
    np.testing.assert_allclose(widths, table[["share_outstanding", "share_good", "share_requires_improvement", "share_inadequate"]])
    assert table["share_good_or_outstanding"].is_monotonic_decreasing
    assert {f"n = {n}" for n in table["n_judged"]} <= set(words(ax))
    london = table.loc["London"]
    assert str(int(london["outstanding"])) in words(ax)
    assert "Grades by region as at 31 March 2024" in said(ax)
    assert "SIF, ILACS" in said(ax)
    assert f"{table['n_judged'].sum()} judged" in said(ax)
    assert [to_hex(container[0].get_facecolor()) for container in ax.containers] == list(palette.fills(sif.FOUR_POINT).values())


def test_shares_keep_the_order_asked_for_and_show_a_group_without_judgements(state):
    table = state.assign(overall_effectiveness=state["overall_effectiveness"].where(state["region"] != "London"))
    counted = sif.aggregate(table, "region")
    ax = sif.plot.shares(counted, sort=False)
    assert [label.get_text() for label in ax.get_yticklabels()] == counted["region"].tolist()
    assert "none judged" in words(ax)
    assert sif.plot.shares(counted).get_yticklabels()[-1].get_text() == "London"


def test_shares_take_other_scales_and_weights():
    table = pd.DataFrame({"achievement": ["Exceptional", "Needs attention", None], "weight": [1.5, 2.0, 1.0], "place": ["a", "a", None]})
    ax = sif.plot.shares(sif.aggregate(table, "place", judgement="achievement", weights="weight"))
    assert "1.5" in words(ax)
    assert "not stated" in words(ax)
    assert "Strong standard" in words(ax)


def test_forest_places_estimates_and_intervals(regions, slopes):
    ax = sif.plot.forest(regions, sort=False)
    np.testing.assert_allclose(ax.lines[0].get_xdata(), regions["share_good_or_outstanding"])
    segments = np.array(ax.collections[0].get_segments())
    np.testing.assert_allclose(segments[:, :, 0], regions[["lower", "upper"]])
    share = regions["good_or_outstanding"].sum() / regions["n_judged"].sum()
    np.testing.assert_allclose(ax.lines[1].get_xdata(), share)
    ax = sif.plot.forest(slopes)
    assert ax.lines[1].get_xdata()[0] == 0
    assert "dashed: no slope" in said(ax)


def test_hex_map_of_providers_that_are_not_on_it_says_what_it_takes(state):
    homes = state.head(3).assign(provider=[100001, 100002, 100003])
    with pytest.raises(
        ValueError, match=r"none of the 3 providers is on the map \(column 'provider', the first 100001\): it takes English local auth.*'E0"
    ):
        sif.plot.hex_map(homes)
    places = sif.load_hex_map().head(3)
    with pytest.raises(ValueError, match="it takes the providers of hexagons="):
        sif.plot.hex_map(homes, hexagons=places)
    assert len(sif.plot.hex_map(homes, hexagons=places.assign(provider=[100001, 2, 3])).patches) == 3
    some = sif.plot.hex_map(pd.concat([state, homes]))
    assert "3 without a hexagon" in sif.plot.describe(some)


def test_hex_map_gives_each_authority_the_colour_of_its_grade(state):
    ax = sif.plot.hex_map(state)
    grade = dict(zip(state["provider"], state["overall_effectiveness"].astype(object), strict=True))
    places = sif.load_hex_map()
    expected = [palette.fills(sif.FOUR_POINT).get(grade.get(key), palette.NO_GRADE) for key in places["provider"]]
    assert [to_hex(patch.get_facecolor()) for patch in ax.patches] == expected
    assert "Not judged" in words(ax)  # the two new authorities of 2023 were not yet inspected
    assert "151 judged" in said(ax)
    again = pd.concat([state, state.iloc[:1]])
    with pytest.raises(ValueError, match="has several rows"):
        sif.plot.hex_map(again)


def test_hexagons_touch_and_borders_part_regions():
    from ofsted_sif.plot.hexagons import borders, centre, corners

    for q, r in ((2, 3), (2, 4)):
        around = [
            p
            for p in ((q + dq, r + dr) for dq in (-1, 0, 1) for dr in (-1, 0, 1))
            if np.isclose(np.hypot(*np.subtract(centre(*p), centre(q, r))), 1)
        ]
        assert len(around) == 6
        for other in around:
            line = borders({(q, r): "a", other: "b"})
            assert len(line) == 1
            shared = {tuple(np.round(p, 9)) for p in corners(q, r)} & {tuple(np.round(p, 9)) for p in corners(*other)}
            assert {tuple(np.round(p, 9)) for p in line[0]} == shared
            assert borders({(q, r): "a", other: "a"}) == []


def test_history_marks_each_inspection_in_its_colour_at_its_day():
    table = sif.load_inspections()
    mine = table[table["provider_name"] == "Birmingham"]
    ax = sif.plot.history(mine)
    graded = mine[mine["overall_effectiveness"].notna()]
    marks = [line for line in ax.lines if line.get_markersize() == 9]
    assert [mark.get_xdata()[0] for mark in marks] == graded["inspection_start"].tolist()
    fills = palette.fills(sif.FOUR_POINT)
    assert [mark.get_markerfacecolor() for mark in marks] == [fills[grade] for grade in graded["overall_effectiveness"]]
    open_marks = [line for line in ax.lines if line.get_markersize() == 5]
    assert sum(len(line.get_xdata()) for line in open_marks) == len(mine) - len(graded)


def test_history_tells_two_authorities_of_one_name_apart():
    table = sif.load_inspections()
    ax = sif.plot.history(table[table["provider_name"] == "Dorset"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Dorset (E06000059)", "Dorset (E10000009)"]


def test_series_draws_shares_to_the_digit_and_says_its_dates(years):
    ax = sif.plot.series(years)
    np.testing.assert_allclose(ax.lines[1].get_ydata(), years["share_good_or_outstanding"])
    assert "31 March 2019 to 31 March 2025" in said(ax).replace("\n", " ")
    ax = sif.plot.series(years, kind="lines")
    np.testing.assert_allclose(ax.lines[0].get_ydata(), years["share_good_or_outstanding"])


def test_series_names_each_line_where_it_ends_without_overlap():
    table = sif.series(sif.load_inspections(), ["2019-03-31", "2025-03-31"], "region", framework=["SIF", "ILACS"])
    ax = sif.plot.series(table)
    labels = [text for text in ax.texts if text.get_text() in set(table["region"])]
    assert len(labels) == 9
    heights = sorted(text.get_position()[1] for text in labels)
    assert np.diff(heights).min() >= 0.052 - 1e-9
    with pytest.raises(ValueError, match="areas show one group"):
        sif.plot.series(table, kind="areas")


def test_changes_count_every_pair(pairs):
    ax = sif.plot.changes(pairs, kind="heat")
    counts = [int(text) for text in words(ax)[:16]]
    assert np.array(counts).reshape(4, 4).tolist() == [[0, 0, 0, 1], [3, 5, 0, 0], [0, 0, 0, 0], [0, 2, 0, 0]]
    providers = pairs.loc[pairs.index.repeat(pairs["n"])].rename(columns={"grade_from": "previous", "grade_to": "latest"})[
        ["previous", "latest"]
    ]
    for table in (pairs, providers):
        ax = sif.plot.changes(table)
        assert "11 inspected again: 5 improved, 5 the same, 1 declined" in said(ax)
        assert {"Good  8", "7  Good", "3  Outstanding"} <= set(words(ax))


def test_funnel_limits_enclose_the_binomial_quantiles(regions):
    from scipy.stats import binom

    ax = sif.plot.funnel(regions)
    centre = regions["good_or_outstanding"].sum() / regions["n_judged"].sum()
    for line, tail in zip(ax.lines[:4], (0.025, 0.975, 0.001, 0.999), strict=True):
        n = line.get_xdata()
        quantile = binom.ppf(tail, n, centre)
        assert (line.get_ydata() * n <= quantile + 1e-9).all()
        assert (line.get_ydata() * n >= np.maximum(quantile - 1, 0) - 1e-9).all()
    np.testing.assert_allclose(ax.lines[5].get_ydata(), regions["share_good_or_outstanding"])


def test_survival_steps_down_from_one(waiting):
    ax = sif.plot.survival(waiting)
    assert ax.lines[0].get_xdata().tolist() == [0, 1, 2, 3]
    assert ax.lines[0].get_ydata().tolist() == [1, 0.8, 0.5, 0.375]
    assert ax.lines[0].get_drawstyle() == "steps-post"
    assert "SIF, n = 10" in words(ax)
    assert "10 reached it; 6 still waited" in said(ax)


# ---- groups, paper and places


def test_groups_are_told_by_name_wherever_their_column_stands(regions, years):
    moved = regions[[*regions.columns[1:], "region"]]
    for draw in (sif.plot.shares, sif.plot.forest):
        names = [label.get_text() for label in draw(moved).get_yticklabels()]
        assert names == [label.get_text() for label in draw(regions).get_yticklabels()]
    other = regions.assign(note="a word")
    assert "London" in {label.get_text() for label in sif.plot.shares(other, by="region").get_yticklabels()}
    two = pd.concat([years.assign(place="England"), years.assign(place="South West")])
    assert [len(line.get_xdata()) for line in sif.plot.series(two).lines] == [len(years)] * 2
    with pytest.raises(ValueError, match="repeats the date"):
        sif.plot.series(pd.concat([years, years]), kind="lines")


def test_a_band_ends_where_the_table_does_or_on_the_day_asked_for():
    table = sif.load_inspections()
    mine = table[table["provider_name"] == "Birmingham"]

    def end(ax):
        last = ax.patches[-1]
        return matplotlib.dates.num2date(last.get_x() + last.get_width()).date().isoformat()

    assert end(sif.plot.history(mine)) == "2026-08-24"
    assert end(sif.plot.history(mine, until="2025-01-31")) == "2025-01-31"
    ax = sif.plot.history(mine, until="2000-01-01")
    assert not ax.patches
    closed = table[table["provider"] == "E10000009"]
    assert end(sif.plot.history(closed)) == pd.Timestamp(closed["closed"].iloc[0]).date().isoformat()


def test_many_lines_need_names_to_look_at():
    dates = ["2020-03-31", "2024-03-31"]
    table = sif.series(sif.load_inspections(), dates, "provider_name", framework="all")
    with pytest.raises(ValueError, match="highlight="):
        sif.plot.series(table)
    ax = sif.plot.series(table, highlight=["Devon", "Slough"])
    assert {"Devon", "Slough"} <= set(words(ax))
    assert "Kent" not in words(ax)
    with pytest.raises(ValueError, match="no such group"):
        sif.plot.series(table, highlight="Atlantis")


def test_a_forest_of_grades_shows_tau():
    ax = sif.plot.forest(sif.trend(sif.load_inspections(), by="region", framework="all"))
    assert "no estimate" not in words(ax)
    assert ax.get_xlabel() == "Kendall's tau"


def test_what_becomes_of_them_is_stacked_from_the_start_on(futures):
    ax = sif.plot.states(futures)
    areas = [area.get_paths()[0].vertices for area in ax.collections]
    at_six = [area[area[:, 0] == 6, 1] for area in areas]
    wanted = futures.query("years == 6")["probability"].to_numpy()[::-1]  # worst first, from below
    assert [np.ptp(heights) for heights in at_six] == pytest.approx(wanted.tolist())
    assert [np.ptp(area[area[:, 0] == 0, 1]) for area in areas] == [1, 0, 0, 0]
    assert "What becomes of those found Inadequate" in words(ax)
    assert f"6\n({futures.query('years == 6')['at_risk'].sum()})" in words(ax)
    assert "n = 64" in said(ax)
    assert "after 6 years: 0% Outstanding, 31% Good, 53% Requires improvement, 16% Inadequate" in sif.plot.describe(ax)


def test_areas_end_where_nobody_is_followed_and_begin_where_the_table_does(futures):
    late = sif.state_probabilities(sif.load_inspections(), start="Inadequate", at=[0, 4, 30], framework=["SIF", "ILACS"])
    ax = sif.plot.states(late)
    assert ax.get_xlim() == (0, 4)
    assert "0\n(64)" in words(ax)


def test_several_starts_or_groups_in_one_picture_are_refused():
    table = sif.load_inspections()
    several = sif.state_probabilities(table, at=[2, 4], framework="all")
    with pytest.raises(ValueError, match=r"several start grades \(Outstanding, Good, .*table\['start'\] == 'Outstanding'"):
        sif.plot.states(several)
    groups = sif.state_probabilities(table, "region", start="Inadequate", at=[2, 4], framework="all")
    with pytest.raises(ValueError, match=r"several groups \(East Midlands"):
        sif.plot.states(groups)
    assert "What becomes of those found Inadequate, London" in words(sif.plot.states(groups[groups["region"] == "London"]))


def test_a_forest_shows_the_difference_between_two_dates():
    found = sif.change_between(sif.load_inspections(), "2021-03-31", "2024-03-31", "region", framework=["SIF", "ILACS"])
    ax = sif.plot.forest(found)
    assert ax.get_xlabel() == "Improved less declined, with its interval"
    assert "London" in words(ax)
    assert "dashed: as many improved as declined" in said(ax)


@cache
def contrast(text, ground):
    return palette.contrast(text, f"#{ground:06x}")


def texts_and_what_is_behind(ax):
    """Each text of a picture, and the colours of the pixels on which it stands once all texts are taken away."""
    figure = ax.figure
    figure.draw_without_rendering()
    legend = ax.get_legend()
    texts = [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label]
    texts = [text for text in [*texts, *(legend.get_texts() if legend else [])] if text.get_text().strip() and text.get_visible()]
    boxes = [text.get_window_extent() for text in texts]
    figure.set_layout_engine("none")  # all keeps its place
    for text in texts:
        text.set_visible(False)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3]
    for text, box in zip(texts, boxes, strict=True):
        rows, cols = (slice(max(0, int(low)), max(0, int(high)) + 1) for low, high in ((box.y0, box.y1), (box.x0, box.x1)))
        part = pixels[rows, cols].reshape(-1, 3)
        if len(part):
            yield text, part


@pytest.mark.parametrize(
    ("name", "style"),
    [
        *((name, style) for name in [*NAMES, "heat", "bars", "lines", "highlight"] for style in ("default", "dark_background")),
        *((name, style) for name in ("heat", "series", "shares") for style in ("ggplot", "Solarize_Light2")),
    ],
)
def test_every_text_can_be_read_on_what_is_behind_it(drawn, more, name, style):
    draw, table = (drawn | more)[name]
    with plt.style.context(style):
        ax = draw(table, source="a table")
        found = list(texts_and_what_is_behind(ax))
    assert len(found) > 3
    for text, part in found:
        # Of the letters' ground nearly all; a line or an edge may cross it.
        colours, counts = np.unique(part @ [1 << 16, 1 << 8, 1], return_counts=True)
        ratios = [contrast(to_hex(text.get_color()), colour) for colour in colours.tolist()]
        readable = counts[np.array(ratios) >= 4.45].sum() / counts.sum()
        assert readable >= 0.7, f"{text.get_text()!r}: {readable:.0%} of its ground has the contrast"


@pytest.mark.parametrize("shape", [(1, 1), (2, 2)])
@pytest.mark.parametrize("name", NAMES)
def test_in_plain_subplots_all_lies_within_its_cell(drawn, name, shape):
    draw, table = drawn[name]
    figure, axes = plt.subplots(*shape, figsize=(6.4 * shape[1], 4.8 * shape[0]))
    for place, ax in enumerate(np.atleast_1d(axes).ravel()):
        if place in (1, 2):
            continue  # the first and the last have neighbours on all sides
        draw(table, ax=ax)
        box, (row, column) = ax.get_tightbbox(), divmod(place, shape[1])
        width, height = figure.bbox.width / shape[1], figure.bbox.height / shape[0]
        assert box.x0 >= column * width - 1
        assert box.x1 <= (column + 1) * width + 1
        assert box.y1 <= figure.bbox.height - row * height + 1
        assert box.y0 >= figure.bbox.height - (row + 1) * height - 1


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_is_told_in_words(drawn, name):
    draw, table = drawn[name]
    text = sif.plot.describe(draw(table, title="A title"))
    assert text.startswith("A title. ")
    assert len(text) > 60
    with pytest.raises(ValueError, match="no picture"):
        sif.plot.describe(plt.figure().add_subplot())


def test_words_of_a_picture_have_its_numbers(regions):
    text = sif.plot.describe(sif.plot.shares(regions))
    london = regions.set_index("region").loc["London"]
    assert f"London: {london['n_judged']:g} judged; {london['outstanding']:g} outstanding, {london['good']:g} good" in text


# ---- files, notebooks


def test_saved_svg_has_the_words_of_the_picture(regions, tmp_path):
    import xml.etree.ElementTree as ElementTree

    ax = sif.plot.shares(regions, title="Grades <& regions>")
    ax.figure.savefig(tmp_path / "a.svg")
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    name = "{http://www.w3.org/2000/svg}"
    assert [child.tag for child in root][:2] == [f"{name}title", f"{name}desc"]
    assert root[0].text == "Grades <& regions>"
    assert root[1].text == sif.plot.describe(ax)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [root[0].get("id"), root[1].get("id")]
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, format="svg")
    assert b"<desc" in buffer.getvalue()


def test_saved_png_and_pdf_have_the_words_and_what_the_user_adds(regions, tmp_path):
    image = pytest.importorskip("PIL.Image")
    ax = sif.plot.shares(regions)
    ax.figure.savefig(tmp_path / "a.png", metadata={"Author": "me"}, dpi=50)
    told = image.open(tmp_path / "a.png").text
    assert told["Description"] == sif.plot.describe(ax)
    assert told["Title"] == "Grades by region as at 31 March 2024"
    assert told["Author"] == "me"
    ax.figure.savefig(tmp_path / "a.pdf")
    assert b"/Title" in (tmp_path / "a.pdf").read_bytes()
    ax.figure.savefig(tmp_path / "a.jpg", dpi=30)  # has no place for words
    assert (tmp_path / "a.jpg").stat().st_size


def test_two_pictures_in_one_figure_are_both_told_and_a_figure_can_be_pickled(regions, years, tmp_path):
    import pickle

    figure, axes = plt.subplots(1, 2, figsize=(12, 5))
    sif.plot.shares(regions, ax=axes[0])
    sif.plot.series(years, ax=axes[1])
    figure.savefig(tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text("utf-8")
    assert "London: 33 judged" in text
    assert "31 March 2019: " in text
    pickle.loads(pickle.dumps(figure)).savefig(tmp_path / "b.svg")
    assert "London: 33 judged" in (tmp_path / "b.svg").read_text("utf-8")


def test_a_notebook_stores_the_words_beside_the_picture(regions):
    formatters = pytest.importorskip("IPython.core.formatters")
    ax = sif.plot.shares(regions)
    data, metadata = formatters.DisplayFormatter().format(ax.figure)
    assert data["text/plain"] == sif.plot.describe(ax)
    assert metadata["image/png"]["alt"] == sif.plot.describe(ax)


# ---- many groups, separate periods, and why a share changed


def test_of_153_groups_those_highlighted_are_named_and_the_others_grey(state):
    counted = sif.aggregate(state, "provider_name")
    wanted = ["Devon", "Slough", "Kent"]
    for draw in (sif.plot.shares, sif.plot.forest):
        ax = draw(counted, highlight=wanted)
        named = {text.get_text().split(",")[0] for text in ax.texts} & {str(name) for name in counted["provider_name"]}
        assert named == set(wanted)
        assert "3 of " in said(ax)
        assert ax.figure.get_figheight() < 16
        with pytest.raises(ValueError, match="no such group"):
            draw(counted, highlight="Atlantis")
        _, small = plt.subplots()
        with pytest.raises(ValueError, match=r"\d+ rows cannot be read in axes that are 3\.7 inches high: .*highlight="):
            draw(counted, ax=small)
        draw(counted, ax=small, highlight=wanted)
        assert small.get_window_extent().height > 100
    fills = [to_hex(bar.get_facecolor()) for bar in sif.plot.shares(counted, highlight=wanted).patches if bar.get_width() == 1]
    coloured = [fill for fill in fills if len({fill[1:3], fill[3:5], fill[5:]}) > 1]
    assert len(coloured) == 3
    ax = sif.plot.funnel(sif.aggregate(state, "region"), highlight="North East")
    assert "North East" in words(ax)
    assert "London" not in words(ax)
    with pytest.raises(ValueError, match="rows cannot be read"):
        sif.plot.history(sif.load_inspections(), ax=plt.figure(figsize=(6, 4)).add_subplot())


def test_separate_periods_are_bars_with_their_counts_the_best_on_top():
    periods = sif.periods(sif.load_inspections(), freq="YE-MAR", framework=["SIF", "ILACS"])
    ax = sif.plot.series(periods)
    heights = np.array([[bar.get_height() for bar in container] for container in ax.containers]).T
    share = periods[[f"share_{name}" for name in sif.FOUR_POINT.columns]].fillna(0)
    np.testing.assert_allclose(heights, share)
    assert [to_hex(container[0].get_facecolor()) for container in ax.containers] == list(palette.fills(sif.FOUR_POINT).values())
    assert ax.get_ylim() == (1, 0)
    assert f"n = {periods['n_judged'].iloc[-1]}" in said(ax) or len(ax.get_xticks()) < len(periods)
    assert "Stacked bars, one for each date or period" in sif.plot.describe(ax)
    by_region = sif.periods(sif.load_inspections(), "region", freq="YE-MAR", framework=["SIF", "ILACS"])
    assert {line.get_linestyle() for line in sif.plot.series(by_region).lines} == {":"}  # points that nothing joins
    with pytest.raises(ValueError, match="bars show one group"):
        sif.plot.series(by_region, kind="bars")


def test_stacks_have_the_best_on_top_everywhere(years, pairs):
    ax = sif.plot.series(years)
    assert ax.get_ylim() == (1, 0)
    heights = {
        text.get_text().split()[-2]: text.get_position()[1] for text in sif.plot.changes(pairs).texts if text.get_text()[:4] == "Good"
    }
    assert heights
    blocks = [patch for patch in sif.plot.changes(pairs).patches if hasattr(patch, "get_y")]
    left = [block for block in blocks if block.get_x() < 0.5]
    fills = list(palette.fills(sif.FOUR_POINT).values())
    order = [fills.index(to_hex(block.get_facecolor())) for block in sorted(left, key=lambda block: -block.get_y())]
    assert order == sorted(order)


def test_a_waterfall_adds_up_to_the_change():
    table = sif.load_inspections()
    parts = sif.decompose(table, "2019-03-31", "2024-03-31", framework=["SIF", "ILACS"])
    ax = sif.plot.decomposition(parts)
    widths = [bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(widths[:-1], 100 * parts["change"])
    assert sum(widths[:-1]) == pytest.approx(widths[-1])
    for before, after in zip(ax.patches[:-2], ax.patches[1:-1], strict=True):
        assert after.get_x() == pytest.approx(before.get_x() + before.get_width())
    assert "70 of 152 (46%) at first, 91 of 151 (60%) at last" in said(ax)
    assert "Re-graded up, n = 34" in words(ax)
    with pytest.raises(ValueError, match="choose the rows of one group"):
        sif.plot.decomposition(pd.concat([parts, parts]))


def test_more_curves_of_waiting_than_can_be_told_apart_are_refused():
    names = sorted({*sif.load_inspections()["provider_name"]})

    def of(n):
        rows = [(f"p{i}", name, "2010-01-01", "Inadequate") for i, name in enumerate(names[:n])]
        table = pd.DataFrame(rows, columns=["provider", "provider_name", "inspection_start", "overall_effectiveness"])
        return sif.time_to(table, "provider_name", until="2014-01-01")

    with pytest.raises(ValueError, match="nobody can tell 19 lines apart: choose the rows of fewer groups"):
        sif.plot.survival(of(19))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sif.plot.survival(of(18)).figure.canvas.draw()


def test_below_survival_stands_how_many_still_waited(waiting):
    ax = sif.plot.survival(waiting)
    ax.figure.canvas.draw()
    at = {}
    for text in ax.texts:
        if text.get_text().isdigit():
            at.setdefault(text.xyann[1], {})[text.xy[0]] = int(text.get_text())
    sif_row, ilacs_row = (at[depth] for depth in sorted(at, reverse=True))
    assert sif_row[0.0] == 10
    assert sif_row[2.0] == 8
    assert sif_row[4.0] == 0
    assert ilacs_row[4.0] == 3
    assert "Number still waiting" in words(ax)
    named = waiting.copy()
    named.attrs = {"grade": "Good", "until": "2026-08-20"}
    ax = sif.plot.survival(named)
    assert ax.get_xlabel() == "Years since the grade below Good"
    assert "Still waiting for Good or better by framework" in words(ax)
    assert "observed to 20 August 2026" in sif.plot.describe(ax)


def test_titles_say_what_where_and_when(regions, state, years):
    titles = [ax._ofsted_sif_heading[0] for ax in (sif.plot.forest(regions), sif.plot.funnel(regions), sif.plot.series(years))]
    assert titles == [
        "Good or outstanding by region as at 31 March 2024",
        "Good or outstanding by region, against the number judged, as at 31 March 2024",
        "Grades over time from 31 March 2019 to 31 March 2025",
    ]
    today = sif.as_at(sif.load_inspections(), "2026-08-24", framework="all", having="overall_effectiveness")
    part = today[today["region"] == "South West"]
    for table, place in ((today, "England"), (part, "South West")):
        text = sif.plot.describe(sif.plot.hex_map(table))
        assert text.startswith(f"Overall effectiveness, {place} as at 24 August 2026.")
    assert "As at 31 March 2024" in said(sif.plot.shares(regions, title="Mine"))


@pytest.mark.parametrize("name", NAMES)
def test_the_source_stands_below_the_picture_and_in_its_words(drawn, name):
    draw, table = drawn[name]
    ax = draw(table, source="Ofsted, June 2024")
    ax.figure.canvas.draw()
    line = next(text for text in ax.texts if text.get_text().startswith("Source:"))
    assert line.get_text() == "Source: Ofsted, June 2024"
    others = [text.get_window_extent() for text in [*ax.texts, *ax.get_xticklabels()] if text is not line and text.get_text().strip()]
    assert line.get_window_extent().y1 <= min(box.y0 for box in others) + 1
    assert "Source: Ofsted, June 2024" in sif.plot.describe(ax)


# ---- homes and schools


def test_tables_of_homes_and_of_schools_are_drawn():
    words_of_home = ["Outstanding", "Good", "Requires improvement to be good", "Inadequate"]
    home = pd.DataFrame(
        {
            "provider": np.repeat(["SC1", "SC2", "SC3", "SC4"], 2),
            "provider_type": np.repeat(["Children's home", "Fostering agency"], 4),
            "inspection_start": ["2019-05-01", "2022-05-01"] * 4,
            "published": ["2019-06-01", "2022-06-01"] * 4,
            "overall_effectiveness": words_of_home + words_of_home[::-1],
        }
    )
    school = pd.DataFrame(
        {
            "provider": [100001, 100001, 100002, 100003],
            "provider_type": ["Primary", "Primary", "Primary", "Secondary"],
            "inspection_start": ["2025-11-20", "2026-05-01", "2025-12-01", "2026-01-10"],
            "published": ["2026-01-01", "2026-06-01", "2026-01-08", "2026-02-20"],
            "inclusion": ["Strong standard", "Exceptional", "Expected standard", "Needs attention"],
            "safeguarding": ["Met", "Met", "Not met", "Met"],
        }
    )
    for table, judgement in ((home, "overall_effectiveness"), (school, "inclusion"), (school, "safeguarding")):
        made = sif.as_at(table, "2026-08-01")
        counted = sif.aggregate(made, "provider_type", judgement=judgement)
        dates = ["2019-12-31", "2023-12-31", "2026-07-31"]
        pictures = [
            sif.plot.shares(counted),
            sif.plot.series(sif.series(table, dates, judgement=judgement)),
            sif.plot.series(sif.periods(table, judgement=judgement)),
            sif.plot.history(table, judgement=judgement),
            sif.plot.changes(sif.changes(table, judgement=judgement)),
        ]
        if judgement == "overall_effectiveness":
            pictures += [
                sif.plot.forest(counted),
                sif.plot.hex_map(made, hexagons=pd.DataFrame({"provider": ["SC1"], "provider_name": ["A"], "q": [0], "r": [0]})),
                sif.plot.funnel(counted),
                sif.plot.survival(sif.time_to(table)),
                sif.plot.decomposition(sif.decompose(table, "2020-01-01", "2023-01-01")),
            ]
        for ax in pictures:
            ax.figure.canvas.draw()
            assert len(sif.plot.describe(ax)) > 30
            plt.close(ax.figure)


# ---- every picture


@pytest.fixture(scope="module")
def more(regions, years, pairs):
    """Further kinds of the same charts."""
    table = sif.load_inspections()
    by_region = sif.series(table, [f"{year}-03-31" for year in range(2019, 2026)], "region", framework="all")
    return {
        "heat": (partial(sif.plot.changes, kind="heat"), pairs),
        "bars": (sif.plot.series, sif.periods(table, freq="YE-MAR", framework=["SIF", "ILACS"])),
        "lines": (sif.plot.series, by_region),
        "highlight": (partial(sif.plot.series, highlight="London"), by_region),
    }


@pytest.fixture(scope="module")
def drawn(regions, state, years, pairs, waiting, slopes, futures):
    table = sif.load_inspections()
    some = table[table["provider_name"].isin(["Birmingham", "Devon", "Dorset", "Slough", "Somerset"])]
    return {
        "shares": (sif.plot.shares, regions),
        "series": (sif.plot.series, years),
        "changes": (sif.plot.changes, pairs),
        "history": (sif.plot.history, some),
        "funnel": (sif.plot.funnel, regions),
        "hex_map": (sif.plot.hex_map, state),
        "survival": (sif.plot.survival, waiting),
        "forest": (sif.plot.forest, slopes),
        "decomposition": (sif.plot.decomposition, sif.decompose(table, "2019-03-31", "2024-03-31", framework="all")),
        "states": (sif.plot.states, futures),
    }


def test_in_small_axes_names_and_legend_keep_their_place(state):
    figure, axes = plt.subplots(1, 2, figsize=(9, 5), layout="constrained")
    for ax in axes:
        sif.plot.hex_map(state, ax=ax)
    figure.canvas.draw()
    for ax in axes:
        hexagon = ax.patches[0].get_window_extent().width
        widths = sorted(text.get_window_extent().width for text in ax.texts if text.get_text() in {"Devo", "Kent", "Leed", "York"})
        assert len(widths) == 4
        assert widths[-1] <= hexagon * 1.15  # letters so small are rounded to whole dots
        assert ax.get_legend().get_window_extent().x1 <= figure.bbox.x1
    first, second = (ax.get_legend().get_window_extent() for ax in axes)
    assert first.x1 <= second.x0

    tiny = plt.figure(figsize=(2, 2), layout="constrained").add_subplot()
    sif.plot.hex_map(state, ax=tiny)
    assert "Devo" not in {text.get_text() for text in tiny.texts}
    assert len(tiny.patches) == 153


def test_every_picture_is_tried_here(drawn):
    assert sorted({*sif.plot.__all__} - {"describe"}) == sorted(NAMES) == sorted(drawn)


@pytest.mark.parametrize("name", NAMES)
def test_draws_on_the_axes_given_without_changing_its_table(drawn, name):
    draw, table = drawn[name]
    before = table.copy(deep=True)
    figure, ax = plt.subplots()
    assert draw(table, ax=ax, title="A title") is ax
    assert plt.get_fignums() == [figure.number]
    pd.testing.assert_frame_equal(table, before)
    assert "A title" in words(ax)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_table_gives_an_empty_chart_with_a_word(drawn, name):
    draw, table = drawn[name]
    ax = draw(table.iloc[:0])
    assert not ax.patches
    assert not ax.lines
    assert len(words(ax)) == 2, "a title and a word"


@pytest.mark.parametrize("name", NAMES)
def test_depends_on_no_attrs_and_no_index(drawn, name):
    draw, table = drawn[name]
    bare = table.copy()
    bare.attrs = {}
    bare.index = [7] * len(bare)
    ax = draw(bare)
    assert len(ax.patches) == len(draw(table).patches)


@pytest.mark.parametrize("name", NAMES)
def test_names_from_the_data_are_never_set_as_formulas(drawn, name):
    draw, table = drawn[name]
    for column in ("region", "provider_name", "framework"):
        if column in table.columns:
            table = table.assign(**{column: "$\\nosuch{$"})
    draw(table.drop_duplicates("provider") if name == "hex_map" else table).figure.canvas.draw()


@pytest.mark.parametrize("name", NAMES)
def test_looks_like_the_stored_picture(drawn, name, tmp_path):
    """Without its text, so that another font changes nothing. OFSTED_SIF_KEEP_PICTURES=1 stores what is drawn: look at it first."""
    draw, table = drawn[name]
    with plt.style.context("default"):
        figure = plt.figure(figsize=(5, 3.5), dpi=80)
        ax = draw(table, ax=figure.add_axes((0.05, 0.05, 0.9, 0.9)))
        for text in [*ax.texts]:
            text.remove()
        ax.set_xlabel("")
        ax.set_ylabel("")
        ax.tick_params(labelbottom=False, labelleft=False)
        if ax.get_legend() is not None:
            ax.get_legend().remove()
        stored = PICTURES / f"{name}.png"
        new = stored if os.environ.get("OFSTED_SIF_KEEP_PICTURES") else tmp_path / f"{name}.png"
        figure.savefig(new, metadata={"Software": None})
    assert compare_images(stored, new, tol=8) is None


def test_without_matplotlib_the_error_names_the_command(monkeypatch, regions):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'ofsted_sif\[plot\]'"):
        sif.plot.shares(regions)


def test_importing_the_package_loads_no_matplotlib_and_no_jinja2():
    code = "import sys, pandas; before = {*sys.modules}; import ofsted_sif; print(*{m.split('.')[0] for m in {*sys.modules} - before})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "ofsted_sif" in loaded
    assert not {"matplotlib", "jinja2", "scipy"} & set(loaded)


def test_a_table_of_another_kind_is_named(state):
    with pytest.raises(ValueError, match="give what aggregate or series returns"):
        sif.plot.shares(state)
    with pytest.raises(ValueError, match="neither as_at nor period_end"):
        sif.plot.series(state.drop(columns="as_at"))
    with pytest.raises(ValueError, match="has no such column"):
        sif.plot.hex_map(state, judgement="leadershp")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sif.plot.hex_map(state, judgement="leadership")


DRAWN = {
    "aggregate", "change_between", "change_summary", "logrank", "median_time_to", "overdispersion", "periods",
    "series", "shrink", "standardise",
    "time_to", "trend",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_rows_are_called_by_their_labels_and_by_no_number_of_the_result(name):
    table = kinds.plain_table(kinds.inspections(np.random.default_rng([30, 23]), 30, 0.2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        result = TABLES[name](table)
    regions = [*np.unique(np.asarray(table["region"]).astype(str)), "not stated", "All"]
    assert set(canvas.labels(result)) <= set(regions)
