"""How often tests for trend reject where there is none, and intervals cover, by seeded simulation: writes CALIBRATION.md.

Run ``python -m tests.benchmarks.calibration``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.stats

import ofsted_sif as sif

SERIES = 20_000
SIZES = (5, 6, 8, 10, 12, 15, 20, 30, 50, 100, 200)
PAGE = Path(__file__).with_name("CALIBRATION.md")
SPAN = 8 * 365  # days over which the inspections of a series are spread

TESTS: dict[str, dict[str, Any]] = {
    "Mann-Kendall, default": {},
    "normal with continuity": {"exact": False},
    "normal without": {"exact": False, "continuity": False},
    "exact, whole": {"exact": True},
    "seasonal, 3 blocks": {"method": "seasonal-mann-kendall", "season": "block"},
    "Jonckheere, years": {"method": "jonckheere", "freq": "YE"},
    "Cochran-Armitage, years": {"method": "cochran-armitage", "freq": "YE"},
}


def grades_that_occur() -> np.ndarray:
    """Shares of the four grades among the inspections under the ILACS, worst to best."""
    table = sif.load_inspections().query("framework == 'ILACS'")
    return table["overall_effectiveness"].value_counts(normalize=True, sort=False).to_numpy()


def series_without_trend(n: int, shares: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Inspections of SERIES groups, n each: days spread evenly, grades drawn without regard to them."""
    rng = np.random.default_rng([seed, n])
    rows = SERIES * n
    return {
        "group": np.repeat(np.arange(SERIES), n),
        "inspection_start": np.datetime64("2016-01-01", "s") + rng.integers(0, SPAN, rows) * np.timedelta64(86_400, "s"),
        "overall_effectiveness": sif.grades(np.array(sif.FOUR_POINT.labels[::-1])[rng.choice(4, rows, p=shares)]),
        "block": rng.integers(0, 3, rows),
    }


def rejected(n: int, shares: np.ndarray, level: float = 0.05) -> list[float]:
    table = series_without_trend(n, shares, 1)
    # A series of equal grades has no p and is not rejected.
    return [float((sif.trend(table, "group", **arguments)["p"] < level).mean()) for arguments in TESTS.values()]


def wilson_coverage(n: int, shares: np.ndarray) -> tuple[float, float, float]:
    """Mean, least and greatest coverage over shares, summed exactly over the binomial distribution."""
    lower, upper = sif.proportion_interval(np.arange(n + 1), n)
    chance = scipy.stats.binom.pmf(np.arange(n + 1), n, shares[:, None])
    covered = (chance * ((lower <= shares[:, None]) & (shares[:, None] <= upper))).sum(axis=1)
    return float(covered.mean()), float(covered.min()), float(covered.max())


def shares_that_occur() -> np.ndarray:
    """Shares good or outstanding of each region at the end of each March from 2016 to 2026, but for 0 and 1."""
    dates = [f"{year}-03-31" for year in range(2016, 2027)]
    regions = sif.series(sif.load_inspections(), dates, "region", framework="all", having="overall_effectiveness")
    shares = regions["share_good_or_outstanding"].dropna().to_numpy()
    return shares[(shares > 0) & (shares < 1)]


def slope_coverage(n: int, draw: Callable[[np.random.Generator, int], np.ndarray]) -> float:
    """How often the interval of Theil and Sen's slope holds the true slope, 0, of those series that have an interval."""
    rng = np.random.default_rng([2, n])
    series = 5_000
    table = {
        "group": np.repeat(np.arange(series), n),
        "inspection_start": np.datetime64("2016-01-01", "s") + rng.integers(0, SPAN, series * n) * np.timedelta64(86_400, "s"),
        "number": draw(rng, series * n),
    }
    found = sif.trend(table, "group", method="theil-sen", value="number").dropna(subset=["lower"])
    return float(((found["lower"] <= 0) & (found["upper"] >= 0)).mean()) if len(found) else np.nan


def bootstrap_coverage(n: int, share: float, method: str) -> float:
    """How often the bootstrap interval of a share of n providers holds it."""
    rng = np.random.default_rng([3, n])
    good = rng.random((600, n)) < share
    held = 0
    for i, row in enumerate(good):
        table = {"provider": np.arange(n), "overall_effectiveness": sif.grades(np.where(row, "Good", "Inadequate"))}
        found = sif.resample(table, statistic="good_or_outstanding", n=999, method=method, rng=i, threads=1)
        held += bool(found["lower"].item() <= share <= found["upper"].item())
    return held / len(good)


def row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def page() -> str:
    shares = grades_that_occur()
    told = ", ".join(f"{100 * share:.0f}% {label.lower()}" for share, label in zip(shares[::-1], sif.FOUR_POINT.labels, strict=True))
    lines = [
        "# Calibration",
        "",
        "Written by `python -m tests.benchmarks.calibration`; seeded, so that it comes out the same.",
        "",
        "## How often tests reject where there is no trend, at level 5%",
        "",
        f"{SERIES:,} series for each number of inspections n, spread over eight years, with the grades that occur under the ILACS",
        f"({told}). Two standard errors of a figure are 0.3. Aimed at: 4% to 6%, in bold.",
        "",
        row(["n", *TESTS]),
        row(["---:"] * (1 + len(TESTS))),
    ]
    first: dict[str, int | None] = dict.fromkeys(TESTS)
    for n in SIZES:
        found = rejected(n, shares)
        for name, share in zip(TESTS, found, strict=True):
            good = 0.04 <= share <= 0.06
            first[name] = (first[name] or n) if good else None
        lines.append(row([str(n), *(f"**{100 * share:.1f}**" if 0.04 <= share <= 0.06 else f"{100 * share:.1f}" for share in found)]))
        print(lines[-1], flush=True)
    lines += [
        "",
        "From which n on it stays between 4% and 6%: " + "; ".join(f"{name}: {n or 'none of these'}" for name, n in first.items()) + ".",
        "",
        "The default takes the exact distribution as mid-p up to 20 inspections on different days, the normal one with continuity",
        "beyond, or where days are tied. Below the n named a test rejects too seldom: what it finds can be trusted, what it does not",
        "find says little. With the whole probability of what was observed an exact test never rejects too often, by nature; up to 20",
        "it rejects too seldom.",
        "",
        "## How often the interval of Theil and Sen's slope holds the true slope, at level 95%",
        "",
        row(["n", "normal numbers", "numbers 1 to 4 (a slope that is often exactly 0)"]),
        row(["---:"] * 3),
    ]
    for n in (8, 10, 15, 30, 60):
        normal = slope_coverage(n, lambda rng, rows: rng.normal(size=rows))
        grades = slope_coverage(n, lambda rng, rows: rng.choice(4, rows, p=shares).astype(float))
        lines.append(row([str(n), f"{100 * normal:.1f}", f"{100 * grades:.1f}"]))
        print(lines[-1], flush=True)
    occur = shares_that_occur()
    lines += [
        "",
        "## How often Wilson's 95% interval holds the share",
        "",
        f"Summed exactly, over the {len(occur)} shares good or outstanding that occurred in a region at the end of a March since 2016",
        f"({100 * occur.min():.0f}% to {100 * occur.max():.0f}%). Aimed at: 93.5% to 96.5% on average.",
        "",
        row(["n", "mean", "least", "greatest"]),
        row(["---:"] * 4),
    ]
    for n in (10, 30, 150):
        lines.append(row([str(n), *(f"{100 * share:.1f}" for share in wilson_coverage(n, occur))]))
        print(lines[-1], flush=True)
    lines += [
        "",
        "## How often the bootstrap's 95% interval holds a share of 60%",
        "",
        "600 samples of n providers, 999 replicates each; two standard errors are 1.8. It is meant for statistics that have no formula:",
        "for a share of few providers take Wilson's interval.",
        "",
        row(["n", "percentile", "bca"]),
        row(["---:"] * 3),
    ]
    for n in (10, 30, 150):
        lines.append(row([str(n), *(f"{100 * bootstrap_coverage(n, 0.6, method):.1f}" for method in ("percentile", "bca"))]))
        print(lines[-1], flush=True)
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}", file=sys.stderr)
