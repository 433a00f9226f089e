"""How often tests of change reject where nothing changes, and intervals cover, in worlds with the providers and gaps of the ILACS.

Seeded, so that it comes out the same. Run ``python -m tests.benchmarks.change_calibration``: it writes CALIBRATION_CHANGE.md.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.linalg import expm
from scipy.special import ndtri

import ofsted_sif as sif
from tests.benchmarks.calibration import row

PAGE = Path(__file__).with_name("CALIBRATION_CHANGE.md")
WORLDS = 1_000
GRADE = "overall_effectiveness"
BEGIN = np.datetime64("2018-01-15")  # of the ILACS
LONG_BEFORE = 25 * 365  # days of inspections before the ILACS, in a regime that has always been there
LONGEST = 7.5 * 365  # days to the next inspection of those of whom the table does not know it
STRONG = np.array([2.0, 2.5, 3.3, 4.5]) * 365  # days to the next inspection by grade, worst to best
NEWLINE = "\n"
CORRELATIONS = (0.0, 0.3, 0.6, 0.9)


# ---- worlds in which no provider changes


def real_inspections() -> pd.DataFrame:
    """Graded inspections under the ILACS, by provider and day."""
    table = sif.load_inspections().query(f"framework == 'ILACS' and {GRADE}.notna()")
    return table.sort_values(["provider", "inspection_start"], ignore_index=True)


def gaps_by_grade(table: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each grade the days to the next inspection and their probabilities, by Kaplan and Meier; what is left over waits longest."""
    following = table.groupby("provider", observed=True)["inspection_start"].shift(-1)
    days = (following.fillna(pd.Timestamp("2026-08-24")) - table["inspection_start"]).dt.days.to_numpy()
    seen, grade = following.notna().to_numpy(), table[GRADE].cat.codes.to_numpy()
    found = []
    for code in range(4):
        left, times, chances = 1.0, [], []
        for day in np.unique(days[seen & (grade == code)]):
            at_risk = (days >= day) & (grade == code)
            chance = left * (at_risk & seen & (days == day)).sum() / at_risk.sum()
            times.append(float(day))
            chances.append(chance)
            left -= chance
        found.append((np.array([*times, LONGEST]), np.array([*chances, left]) / (sum(chances) + left)))
    return found


def world_table(rng: np.random.Generator, correlation: float, strong: bool, ongoing: bool, until: str) -> pd.DataFrame:
    """Inspections of WORLDS worlds until a day: grades that are alike within a provider and never change, gaps that depend on the grade."""
    real = real_inspections()
    first = real.drop_duplicates("provider")
    cuts = ndtri(np.cumsum(first[GRADE].value_counts(normalize=True, sort=False).to_numpy())[:3])
    gaps = gaps_by_grade(real)
    n = len(first)
    now = np.tile((first["inspection_start"].to_numpy().astype("datetime64[D]") - BEGIN).astype(float), WORLDS)
    now -= LONG_BEFORE if ongoing else 0
    last = float((np.datetime64(until) - BEGIN).astype(int))
    own = np.sqrt(correlation) * rng.normal(size=n * WORLDS)
    who, parts = np.arange(n * WORLDS), []
    while len(who):
        grade = np.searchsorted(cuts, own[who] + np.sqrt(1 - correlation) * rng.normal(size=len(who)))
        parts.append((who, now.copy(), grade))
        wait = np.empty(len(who))
        for code, (days, chances) in enumerate(gaps):
            mine = np.flatnonzero(grade == code)
            wait[mine] = STRONG[code] if strong else rng.choice(days, len(mine), p=chances)
        now = now + wait * np.exp(rng.normal(0, 0.12 if strong else 0.05, len(who)))
        who, now = who[now <= last], now[now <= last]
    of, day, grade = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return pd.DataFrame(
        {
            "provider": of,
            "world": of // n,
            "region": first["region"].array.take(of % n),
            "inspection_start": BEGIN.astype("datetime64[s]") + np.floor(day).astype(int) * np.timedelta64(86_400, "s"),
            GRADE: pd.Categorical.from_codes(grade, dtype=real[GRADE].dtype),
        }
    )


def rejected(p: pd.Series) -> str:
    """Per cent of the tests that say p < 0.05; one that can't tell does not."""
    return f"{100 * (p < 0.05).mean():.1f}"


KINDS = {
    "real gaps, from the first round on": (False, False, "2022-03-31", "2026-03-31"),
    "real gaps, from the first round on, earlier": (False, False, "2021-03-31", "2024-03-31"),
    "real gaps, ongoing": (False, True, "2021-03-31", "2024-03-31"),
    "strong selection, from the first round on": (True, False, "2021-03-31", "2024-03-31"),
    "strong selection, ongoing": (True, True, "2021-03-31", "2024-03-31"),
}


def sizes() -> list[str]:
    """Rows of the table of sizes, and after them those of regions."""
    head = ["world", "correlation", "sign test of `changes`", "`change_between`, p", "whole p", "share_p", "share_difference", "holds 0"]
    lines, of_regions = [row(head), row(["---", *["---:"] * 7])], []
    for number, (name, (strong, ongoing, date_from, date_to)) in enumerate(KINDS.items()):
        of_kind = []
        for correlation in CORRELATIONS:
            rng = np.random.default_rng([24, number, int(10 * correlation)])
            table = world_table(rng, correlation, strong, ongoing, date_to)
            seen = table[table["inspection_start"] >= pd.Timestamp(BEGIN)]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", sif.SelectedPairsWarning)
                pairs = sif.change_summary(sif.changes(seen, "world", date=date_to), "world")
            mid, whole = (sif.change_between(table, date_from, date_to, "world", exact=exact) for exact in ("auto", True))
            holds = (mid["lower"] <= 0) & (mid["upper"] >= 0)
            cells = [rejected(pairs["p"]), rejected(mid["p"]), rejected(whole["p"]), rejected(mid["share_p"])]
            lines.append(row([name, f"{correlation:g}", *cells, f"{mid['share_difference'].mean():+.3f}", f"{100 * holds.mean():.1f}"]))
            print(lines[-1], flush=True)
            regions = sif.change_between(table, date_from, date_to, ["world", "region"])
            regions = regions[regions["n"] > 0].groupby("region", observed=True)["p"].apply(lambda p: 100 * (p < 0.05).mean())
            of_kind.append(f"{regions.min():.1f} to {regions.max():.1f}")
        of_regions.append(row([name, *of_kind]))
        print(of_regions[-1], flush=True)
    regions_head = [row(["world", *(f"{correlation:g}" for correlation in CORRELATIONS)]), row(["---", *["---:"] * 4])]
    return [
        *lines,
        "",
        "The same by region (`change_between`, p): the least and the greatest of the nine, by correlation.",
        "",
        *regions_head,
        *of_regions,
    ]


# ---- intervals


def pairs_table(rng: np.random.Generator, n: int, correlation: float, shift: float, worlds: int) -> pd.DataFrame:
    """States of n providers on two dates, with grades of the ILACS on the first and `shift` standard deviations better on the second."""
    cuts = ndtri(np.cumsum([0.11, 0.26, 0.41]))
    own = np.sqrt(correlation) * rng.normal(size=n * worlds)
    grades = [np.searchsorted(cuts, own + np.sqrt(1 - correlation) * rng.normal(size=n * worlds) + more) for more in (0, shift)]
    return pd.DataFrame(
        {
            "provider": np.tile(np.arange(n * worlds), 2),
            "world": np.tile(np.arange(n * worlds) // n, 2),
            "inspection_start": np.repeat(pd.to_datetime(["2018-01-01", "2021-01-01"]), n * worlds),
            GRADE: pd.Categorical.from_codes(np.concatenate(grades), list(sif.FOUR_POINT.labels[::-1]), ordered=True),
        }
    )


def coverage_of_differences() -> list[str]:
    """How often the bounds of difference and share_difference hold the truth, which is taken from a million pairs."""
    lines = [row(["n", "correlation", "shift", "difference", "share_difference", "p", "whole p"]), row(["---:"] * 7)]
    for shift in (0.0, 0.3):
        for correlation in (0.3, 0.8):
            rng = np.random.default_rng([25, int(10 * shift), int(10 * correlation)])
            dates = ("2020-01-01", "2022-01-01")
            truth = sif.change_between(pairs_table(rng, 1_000_000, correlation, shift, 1), *dates).iloc[0]
            for n in (8, 10, 20, 40, 150):
                found = pairs_table(rng, n, correlation, shift, 4_000)
                mid, whole = (sif.change_between(found, *dates, "world", exact=exact) for exact in ("auto", True))
                held = [
                    f"{100 * ((mid[lower] <= truth[name]) & (mid[upper] >= truth[name])).mean():.1f}"
                    for name, lower, upper in (
                        ("difference", "lower", "upper"),
                        ("share_difference", "share_lower", "share_upper"),
                    )
                ]
                lines.append(row([str(n), f"{correlation:g}", f"{shift:g}", *held, rejected(mid["p"]), rejected(whole["p"])]))
                print(lines[-1], flush=True)
    return lines


RATES = np.array([[0, 0.25, 0.2, 0], [0.06, 0, 0.22, 0.02], [0.02, 0.06, 0, 0.06], [0.01, 0.02, 0.12, 0]])  # changes a year, worst to best


def states_table(rng: np.random.Generator, n: int, worlds: int) -> pd.DataFrame:
    """Providers found Inadequate on one day, that change at RATES and are followed for one to eight years."""
    who = np.arange(n * worlds)
    last = (rng.uniform(1, 8, len(who)) * 365).astype(int)
    day, grade, parts = np.zeros(len(who), dtype=int), np.zeros(len(who), dtype=int), []
    leave = RATES.sum(axis=1)
    while len(who):
        parts.append((who, day, grade))
        following = day + np.maximum(np.ceil(rng.exponential(1 / leave[grade]) * 365).astype(int), 1)
        to = (rng.random(len(who))[:, None] > np.cumsum(RATES / leave[:, None], axis=1)[grade]).sum(axis=1)
        going_on = following < last[who]
        who, day, grade = who[going_on], following[going_on], to[going_on]
    of, day, grade = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    begin = np.datetime64("2010-01-01", "s")
    return pd.DataFrame(
        {
            "provider": of,
            "world": of // n,
            "inspection_start": begin + day * np.timedelta64(86_400, "s"),
            "closed": begin + last[of] * np.timedelta64(86_400, "s"),
            GRADE: pd.Categorical.from_codes(grade, list(sif.FOUR_POINT.labels[::-1]), ordered=True),
        }
    )


def coverage_of_states() -> list[str]:
    """How often the bounds of state_probabilities hold the truth, by grade."""
    rates = RATES - np.diag(RATES.sum(axis=1))
    lines = [
        row(["n", "years", *(f"{label} ({kind})" for kind in ("probability", "years") for label in sif.FOUR_POINT.labels)]),
        row(["---:"] * 10),
    ]
    for n in (10, 20, 40, 100):
        table = states_table(np.random.default_rng([26, n]), n, 1_000)
        years = np.array([2.0, 4.0]) * 365 / 365.25
        found = sif.state_probabilities(table, "world", start="Inadequate", at=years, until="2020-01-01")
        for place, time in enumerate((2.0, 4.0)):
            truth = expm(rates * time)[0][::-1]
            steps = (np.arange(400) + 0.5) / 400 * time
            spent = np.mean([expm(rates * step)[0][::-1] for step in steps], axis=0) * years[place]
            of_time = found[found["years"] == years[place]]
            cells = []
            for lower, upper, right in (("lower", "upper", truth), ("years_lower", "years_upper", spent)):
                low, high = (of_time[name].to_numpy().reshape(-1, 4) for name in (lower, upper))
                known = ~np.isnan(of_time["probability"].to_numpy().reshape(-1, 4)[:, 0])
                cells += [f"{100 * share:.1f}" for share in ((low <= right) & (right <= high))[known].mean(axis=0)]
            lines.append(row([str(n), f"{time:g}", *cells]))
            print(lines[-1], flush=True)
    return lines


def page() -> str:
    """The page."""
    return f"""# Calibration of change

Written by `python -m tests.benchmarks.change_calibration`; seeded, so that it comes out the same.

## How often tests reject where no provider changes, at level 5%

{WORLDS:,} worlds each, with the {real_inspections()["provider"].nunique()} authorities, regions and first rounds of the ILACS.
A grade is cut from a normal variable that correlates within a provider and is the same for ever. The next inspection comes after a gap that
depends on the grade: drawn from the real gaps, or, as strong selection, 2, 2.5, 3.3 and 4.5 years from Inadequate to Outstanding. Ongoing:
inspections began 25 years before. The dates are three years apart (2021 to 2024), in the first world four (2022 to 2026). Two standard
errors of a figure are 1.4 points. Aimed at: 3% to 7%.

{NEWLINE.join(sizes())}

From the first round of a framework on, the states on the first date are young, and who did badly is back first: `share_difference` leans
up by as much as 3 points, and under strong selection tests reject in 5% to 9%. In a regime that has always been there they hold their level
under any selection. By region, where few providers change (correlation 0.9) they reject less than they say, as exact tests do.

## How often the bounds of `change_between` hold the truth, at level 95%

4,000 groups of n providers each: states on two dates with this correlation, on the second better by so many standard deviations. p and
whole p: how often they are below 0.05. Two standard errors are 0.7.

{NEWLINE.join(coverage_of_differences())}

Bonett and Price's interval adds a change to each side, so that it never has width 0: where few providers change it holds the truth more
often than it says.

## How often the bounds of `state_probabilities` hold the truth, at level 95%

1,000 groups of n providers each, found Inadequate, that change at fixed rates and are followed for one to eight years. Two standard errors
are 1.4 points. Bounds of the years spent in a grade are approximate: they are too narrow for a grade that few have reached yet, and where
nobody has there are none.

{NEWLINE.join(coverage_of_states())}
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}", file=sys.stderr)
