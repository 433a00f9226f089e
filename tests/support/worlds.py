"""A made world: complete histories of providers in which nothing changes, and what Ofsted's kinds of file would hold of them."""

import numpy as np
import pandas as pd

import ofsted_sif as sif

SHARES = {"Outstanding": 0.15, "Good": 0.55, "Requires improvement": 0.22, "Inadequate": 0.08}  # of every inspection, whenever it is
GAPS = [1500, 1400, 730, 500]  # days to the next inspection, by grade: who was found bad is inspected again sooner
BEGINS, ENDS = np.datetime64("2006-01-01"), np.datetime64("2023-08-31")
YEAR_BEGINS, YEAR_ENDS = pd.Timestamp("2022-04-01"), pd.Timestamp("2023-03-31")
OLD, NOW = pd.Timestamp("2018-08-31"), pd.Timestamp(ENDS)


def histories(providers: int = 400, seed: int = 1) -> pd.DataFrame:
    """Every inspection of every provider, in order of provider and time; reports come out a month after."""
    rng = np.random.default_rng(seed)
    of, days, grade = [], [], []
    day = rng.integers(0, 900, providers)
    still = np.arange(providers)
    while len(still):
        drawn = rng.choice(len(SHARES), len(still), p=list(SHARES.values()))
        of.append(still)
        days.append(day[still])
        grade.append(drawn)
        day[still] += (np.array(GAPS)[drawn] * rng.uniform(0.8, 1.2, len(still))).astype(np.int64)
        still = still[day[still] < (ENDS - BEGINS).astype(np.int64) - 30]
    provider = np.concatenate(of)
    inspected = (BEGINS + np.concatenate(days)).astype("datetime64[s]")
    table = pd.DataFrame(
        {
            "provider": [str(100_000 + number) for number in provider],
            "region": np.array(["North", "South"])[provider % 2],
            "inspection_start": inspected,
            "published": inspected + np.timedelta64(30, "D"),
            "overall_effectiveness": sif.grades(np.array(list(SHARES))[np.concatenate(grade)]),
        }
    )
    return table.sort_values(["provider", "inspection_start"], ignore_index=True)


def latest(world: pd.DataFrame, listed: int = 1) -> pd.DataFrame:
    """What a file of the latest inspections has of a world: so many of each provider, and since when it has them all.

    A provider with fewer than are listed is known from the beginning where there is a place for the one before.
    """
    held = world.groupby("provider").tail(listed)
    since = held.groupby("provider")["inspection_start"].min()
    if listed > 1:
        since = since.where(world.groupby("provider").size() >= listed)
    return held.assign(known_from=held["provider"].map(since).astype("datetime64[s]")).reset_index(drop=True)


def of_one_year(world: pd.DataFrame) -> pd.DataFrame:
    """What a file of one year has of a world."""
    held = world[world["inspection_start"].between(YEAR_BEGINS, YEAR_ENDS)]
    table = held.assign(known_from=YEAR_BEGINS.to_datetime64().astype("datetime64[s]")).reset_index(drop=True)
    table.attrs["kind"] = "in year"
    return table
