"""What a table is called follows from what is in it: England only where all its authorities are there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif.aggregation import aggregate
from ofsted_sif.counts import NO_DAY
from ofsted_sif.datasets import load_inspections, load_local_authorities
from ofsted_sif.intervals import percent
from ofsted_sif.snapshots import as_at
from ofsted_sif.table import dates
from ofsted_sif.table.keys import as_key


@dataclass(frozen=True)
class Whose:
    """Of whom a state tells.

    Attributes
    ----------
    of_authorities : bool
        Whether most of the providers are local authorities.
    in_england : bool
        Whether they are all authorities that were open on the day and had been judged by the cut-off.
    regions : tuple of str
        The regions in which they are.
    n : int
        How many they are.
    """

    of_authorities: bool
    in_england: bool
    regions: tuple[str, ...]
    n: int

    @property
    def noun(self) -> str:
        """What one of them is called."""
        return "authority" if self.of_authorities else "provider"

    @property
    def nouns(self) -> str:
        """What several of them are called."""
        return "authorities" if self.of_authorities else "providers"

    @property
    def everywhere(self) -> str:
        """What all of them together are called."""
        return "England" if self.in_england else f"All {self.n:,} {self.nouns} here"

    @property
    def title(self) -> str:
        """What a picture, page or table of them is about: nothing more than it holds."""
        if not self.of_authorities:
            return "Inspection outcomes"
        if self.in_england:
            return "Children’s services in England"
        authorities = "1 local authority" if self.n == 1 else f"{self.n} local authorities"
        return f"Children’s services: {authorities}" + (f", {self.regions[0]}" if len(self.regions) == 1 else "")


def whose(state: pd.DataFrame, held: Iterable[Any], day: int, cutoff: int) -> Whose:
    """Of whom a state as `as_at` gives it tells; `held` are the keys of all providers of the table and its register."""
    known = {as_key(key) for key in held}
    keys = {as_key(key) for key in state["provider"]} or known  # on a date before all inspections nobody is in the state
    authorities = load_local_authorities()
    of_authorities = are_authorities(keys)
    regions = state["region"].dropna().astype(str).unique().tolist() if "region" in state.columns else []
    in_england = of_authorities and _judged_by(authorities, day, cutoff) <= known
    return Whose(of_authorities, in_england, tuple(regions), len(state))


def are_authorities(keys: Iterable[Any]) -> bool:
    """Whether most of these providers are local authorities."""
    held = {as_key(key) for key in keys}
    return bool(held) and 2 * len(held & set(load_local_authorities()["provider"])) >= len(held)


def england_beside(who: Whose, judgement: str, date: Any, published_by: Any, framework: Any) -> str | None:
    """England's share beside a part of its authorities, by the table that comes with the package; None where that has no answer."""
    inspections = load_inspections()
    if not who.of_authorities or who.in_england or judgement not in inspections.columns:
        return None
    day = dates.day(date, "date")
    if day > dates.day(inspections.attrs["complete_to"], "date"):
        return None
    asked = [framework] if isinstance(framework, str) else list(framework or ["all"])
    held = {str(name).casefold() for name in [*inspections["framework"].cat.categories, "all"]}
    if not {str(name).casefold() for name in asked} <= held:
        return None
    state = as_at(inspections, date, published_by=published_by, framework=asked, having=judgement, register=load_local_authorities())
    row = aggregate(state, judgement=judgement).iloc[0]
    if not row["n_judged"]:
        return None
    good, judged = int(row["good_or_outstanding"]), int(row["n_judged"])
    share = int(percent(good, judged))
    return f"England on the same day: {share}% ({good} of {judged}), from the table that comes with ofsted_sif and not from this one."


def _judged_by(authorities: pd.DataFrame, day: int, cutoff: int) -> set[str]:
    """The authorities of England that were open on the day and had been judged by the cut-off."""
    opened, closed = (dates.days_of(authorities[name], name) for name in ("opened", "closed"))
    is_open = ((opened == NO_DAY) | (opened <= day)) & ((closed == NO_DAY) | (closed > day))
    inspections = load_inspections()
    published = dates.days_of(inspections["published"], "published")
    return set(authorities.loc[np.asarray(is_open), "provider"]) & set(inspections.loc[published <= cutoff, "provider"])
