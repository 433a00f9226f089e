"""How often tests for trend reject where no provider changes, in worlds with the days, providers and regions of the real ILACS.

Grades are cut from normal numbers that are alike within a provider. Seeded, so that it comes out the same.
Run ``python -m tests.benchmarks.trend_calibration``: it writes CALIBRATION_TREND.md in some minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

import ofsted_sif as sif
from tests.benchmarks import change_calibration
from tests.benchmarks.calibration import row

PAGE = Path(__file__).with_name("CALIBRATION_TREND.md")
WORLDS = 2000
GRADE = "overall_effectiveness"
CORRELATIONS = (0.0, 0.3, 0.6, 0.9)
LEVEL = 0.05
METHODS: dict[str, dict[str, Any]] = {
    "Mann-Kendall, independent rows": {"cluster": None},
    "Mann-Kendall": {},
    "without continuity": {"continuity": False},
    "seasonal, quarters": {"method": "seasonal-mann-kendall", "season": "quarter"},
    "Jonckheere, years": {"method": "jonckheere"},
    "Cochran-Armitage, years": {"method": "cochran-armitage"},
}
FEW = (2, 3, 4, 5, 6, 8, 10)


def real_inspections() -> pd.DataFrame:
    """Graded inspections under the ILACS."""
    return sif.load_inspections().query(f"framework == 'ILACS' and {GRADE}.notna()")


def worlds(real: pd.DataFrame, correlation: float, number: int = WORLDS) -> pd.DataFrame:
    """The same inspections in so many worlds, with grades that do not change over time but are alike within a provider."""
    rng = np.random.default_rng([int(10 * correlation), len(real)])
    of = pd.factorize(real["provider"])[0]
    own, noise = rng.normal(size=(number, of.max() + 1)), rng.normal(size=(number, len(of)))
    cuts = ndtri(real[GRADE].value_counts(normalize=True, sort=False).cumsum().to_numpy()[:-1])
    codes = np.searchsorted(cuts, np.sqrt(correlation) * own[:, of] + np.sqrt(1 - correlation) * noise)
    world = np.repeat(np.arange(number), len(of))
    return pd.DataFrame(
        {
            "world": pd.Categorical.from_codes(world, categories=np.arange(number)),
            "provider": np.tile(of, number) + world * (of.max() + 1),
            "region": pd.Categorical.from_codes(np.tile(real["region"].cat.codes, number), dtype=real["region"].dtype),
            "inspection_start": np.tile(real["inspection_start"].to_numpy(), number),
            GRADE: pd.Categorical.from_codes(codes.ravel(), dtype=real[GRADE].dtype),
            "graded": True,
        }
    )


def share(rejected: float) -> str:
    """A share as a per cent; in bold where it lies where it should."""
    text = f"{100 * rejected:.1f}"
    return f"**{text}**" if 0.03 <= rejected <= 0.07 else text


def sizes() -> list[str]:
    real = real_inspections()
    lines = [row(["where", "n", "providers", "correlation", *METHODS]), row(["---", *["---:"] * (3 + len(METHODS))])]
    told: dict[tuple[str, float], list[str]] = {}
    regions = [str(region) for region in real["region"].cat.categories if (real["region"] == region).any()]
    for correlation in CORRELATIONS:
        table = worlds(real, correlation)
        for options in METHODS.values():
            found = sif.trend(table, "world", **options)["p"].dropna()
            told.setdefault(("all", correlation), []).append(share((found < LEVEL).mean()))
            by_region = sif.trend(table, ["world", "region"], **options).dropna(subset="p")
            for region in regions:
                p = by_region.loc[by_region["region"] == region, "p"]
                told.setdefault((region, correlation), []).append(share((p < LEVEL).mean()))
        print(correlation, told["all", correlation], flush=True)
    for where in ("all", *regions):
        part = real if where == "all" else real[real["region"] == where]
        for correlation in CORRELATIONS:
            size = [str(len(part)), str(part["provider"].nunique())] if correlation == 0 else ["", ""]
            lines.append(row([where if correlation == 0 else "", *size, f"{correlation:.1f}", *told[where, correlation]]))
    return lines


def few_providers() -> list[str]:
    """The providers of the table, a few at a time."""
    real = real_inspections()
    providers = real["provider"].unique()
    lines = [row(["providers", *(f"{correlation:.1f}" for correlation in CORRELATIONS)]), row(["---:"] * (1 + len(CORRELATIONS)))]
    for number in FEW:
        cells = []
        for correlation in CORRELATIONS:
            rejected = tested = 0
            for start in range(0, len(providers) - number + 1, max(number, 10)):
                part = real[real["provider"].isin(providers[start : start + number])]
                found = sif.trend(worlds(part, correlation, 300), "world")["p"].dropna()
                rejected += int((found < LEVEL).sum())
                tested += len(found)
            cells.append(share(rejected / tested))
        lines.append(row([str(number), *cells]))
        print(lines[-1], flush=True)
    return lines


def informative_timing() -> list[str]:
    """Worlds in which the wait for the next inspection depends on the grade that was found, and no provider changes."""
    lines = [row(["world", "correlation", "independent rows", "Mann-Kendall", "first inspections only"]), row(["---", *["---:"] * 4])]
    for number, (name, (strong, ongoing, _, until)) in enumerate(change_calibration.KINDS.items()):
        for correlation in CORRELATIONS:
            rng = np.random.default_rng([25, number, int(10 * correlation)])
            table = change_calibration.world_table(rng, correlation, strong, ongoing, until)
            seen = table[table["inspection_start"] >= pd.Timestamp(change_calibration.BEGIN)].assign(graded=True)
            first = seen.sort_values(["provider", "inspection_start"], kind="stable").drop_duplicates("provider")
            found = [sif.trend(seen, "world", cluster=None), sif.trend(seen, "world"), sif.trend(first, "world")]
            cells = [share((of["p"].dropna() < LEVEL).mean()) for of in found]
            lines.append(row([name if correlation == 0 else "", f"{correlation:.1f}", *cells]))
            print(lines[-1], flush=True)
    return lines


def held_shares() -> list[str]:
    """How often the interval of the share good or outstanding of all inspections holds the true share."""
    real = real_inspections()
    truth = float((real[GRADE] >= "Good").mean())
    lines = [row(["where", "correlation", "rows as independent", 'cluster="auto"']), row(["---", *["---:"] * 3])]
    for where in ("all", "East Midlands", "North East", "South West", "London"):
        part = real if where == "all" else real[real["region"] == where]
        for correlation in CORRELATIONS:
            cells = []
            rng = np.random.default_rng([7, int(10 * correlation), len(part)])
            of = pd.factorize(part["provider"])[0]
            own, noise = rng.normal(size=(WORLDS, of.max() + 1)), rng.normal(size=(WORLDS, len(of)))
            good = np.sqrt(correlation) * own[:, of] + np.sqrt(1 - correlation) * noise < ndtri(truth)
            table = pd.DataFrame(
                {
                    "world": np.repeat(np.arange(WORLDS), len(of)),
                    "provider": np.tile(of, WORLDS),
                    GRADE: sif.grades(np.where(good.ravel(), "Good", "Inadequate")),
                }
            )
            for cluster in (None, "auto"):
                found = sif.aggregate(table, "world", cluster=cluster)
                cells.append(f"{100 * ((found['lower'] <= truth) & (truth <= found['upper'])).mean():.1f}")
            lines.append(row([where if correlation == 0 else "", f"{correlation:.1f}", *cells]))
    return lines


def page() -> str:
    return "\n".join(
        [
            "# Calibration of trends where providers are inspected again",
            "",
            "Written by `python -m tests.benchmarks.trend_calibration`; seeded, so that it comes out the same.",
            "",
            "## How often tests reject where no provider changes, at level 5%",
            "",
            f"{WORLDS:,} worlds: the days, providers and regions of the graded inspections under the ILACS, with grades cut from normal",
            "numbers that have this correlation within a provider. In bold: 3% to 7%. Two standard errors of a figure are 1.0.",
            "",
            *sizes(),
            "",
            "Rows taken as independent reject too seldom, the more so the more alike a provider's inspections are.",
            "",
            "## Few providers",
            "",
            "Mann-Kendall by default, of so many of these providers: it rejects too seldom, and `n_clusters` says how few there are.",
            "",
            *few_providers(),
            "",
            "## Where who was found bad is inspected again sooner",
            "",
            f"{change_calibration.WORLDS:,} worlds; no provider changes, and the wait for the next inspection depends on the grade, by the",
            "gaps of the table or strongly (2, 2.5, 3.3 and 4.5 years). Clusters do not cure a framework's first cycle; first inspections",
            "alone are right there, and badly wrong on a window of an ongoing regime.",
            "",
            *informative_timing(),
            "",
            "## How often the interval of a share of inspections holds it, at level 95%",
            "",
            f"{WORLDS:,} worlds; two standard errors are 1.0. What `aggregate` gives of inspections, in which providers repeat.",
            "",
            *held_shares(),
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}", file=sys.stderr)
