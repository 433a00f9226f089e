"""The commands but for the headline."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

import ofsted_sif as sif
from ofsted_sif import reading
from ofsted_sif.cli.asked import (
    about,
    as_at_line,
    by_which,
    having_of,
    human,
    is_parquet,
    listed,
    of_whom,
    one_date,
    quietly,
    said_of,
    table_of,
    when_of,
)
from ofsted_sif.cli.printing import Answer, format_of, in_lines


def _judgements(options: argparse.Namespace, table: pd.DataFrame | None = None) -> str | list[str]:
    known = () if table is None else table.columns
    asked = listed(options.judgement, "--judgement", known) or ["overall_effectiveness"]
    return asked[0] if len(asked) == 1 else asked


def run_read(options: argparse.Namespace) -> str:
    """What a file is, and what was read of it."""
    return in_lines(reading.describe(options.file, sheet=options.sheet))


def run_releases(options: argparse.Namespace) -> Answer:
    """Ofsted's releases; in a terminal without where each is stated."""
    releases = sif.releases()
    notes = ["Ask for one by its name: ofsted-sif headline --release la-2024-03-31. --format csv has also where each is stated."]
    if format_of(options) == "table":
        releases = releases[["release", "date", "published_by", "framework"]]
        releases = releases.assign(framework=releases["framework"].str.replace(";", ",").replace("", "all"))
    return Answer(["Dates and publication cut-offs of Ofsted's own releases"], {"Releases": releases}, notes)


def run_aggregate(options: argparse.Namespace) -> Answer:
    """Counts by grade of the state on a date, or of every row."""
    if (
        options.every_inspection and options.file is not None and is_parquet(options.file) and not options.column
    ):  # by batches, however large
        counted = sif.aggregate(options.file, listed(options.by, "--by"), judgement=_judgements(options))
        return Answer([f"Every inspection of {Path(options.file).name}"], {"Inspections": counted})
    table, register = table_of(options)
    by, judgement = listed(options.by, "--by", table.columns), _judgements(options, table)
    if options.every_inspection:
        counted = sif.aggregate(table, by, judgement=judgement)
        name = "the bundled table" if options.file is None else Path(options.file).name
        return Answer([f"Every inspection of {name}: {_judged(judgement)}"], {"Inspections": counted})
    having = having_of(options)
    state = sif.as_at(table, register=register, having=having, **one_date(when_of(options, table)))
    who = of_whom(state, table, register)
    counted = sif.aggregate(state, by, judgement=judgement)
    notes = []
    if isinstance(judgement, str) and having is None and (lacking := int(counted["n_not_judged"].sum())):
        notes = [
            f"None: {lacking:,} without such a judgement in the newest inspection; --having {judgement} goes back to the last that made it."
        ]
    head = [f"{about(who, options)}: {_judged(judgement)}, {as_at_line(state)}", *said_of(state, who, by_which(having))]
    return Answer(head, {"Judgements": counted}, notes)


def _judged(judgement: str | list[str]) -> str:
    return ", ".join(human(name).lower() for name in ([judgement] if isinstance(judgement, str) else judgement))


def run_series(options: argparse.Namespace) -> Answer:
    """Counts by grade of the state at many dates."""
    table, register = table_of(options)
    when = when_of(options, table)
    dates = when.pop("date")
    if not isinstance(dates, list):
        last = pd.Timestamp(str(dates))
        dates = [last - pd.DateOffset(years=years) for years in range(9, -1, -1)]
    judgement, having = _judgements(options, table), having_of(options)
    if isinstance(judgement, list):
        raise ValueError("series counts one --judgement at a time")
    by = listed(options.by, "--by", table.columns)
    counted = sif.series(table, dates, by, judgement=judgement, register=register, having=having, **when)
    state = quietly(sif.as_at, table, dates[-1], register=register, having=having, **when)
    cutoff = f"published by {options.published_by}" if options.published_by else "published by then"
    head = f"{about(of_whom(state, table, register), options)}: {_judged(judgement)} at {len(dates)} dates, {cutoff}"
    return Answer([head], {"Series": counted})


def run_explain(options: argparse.Namespace) -> Answer:
    """Which inspection of a provider counts, and why the others don't."""
    table, register = table_of(options)
    having = having_of(options)
    story = sif.explain(table, options.provider, register=register, having=having, **one_date(when_of(options, table)))
    key = story.attrs["provider"]
    name = story.attrs.get("provider_name")
    who = key if name is None else f"{name} ({key})"
    by = "" if having is None else f", by the last inspection that judged {human(having).lower()}"
    return Answer([f"{who}, {as_at_line(story)}{by}"], {"Inspections": story})


def run_report(options: argparse.Namespace) -> str:
    """Write the page."""
    from ofsted_sif.report import write_report  # here, so that no other command waits for it

    table, register = table_of(options)
    when = one_date(when_of(options, table))
    page = write_report(
        table,
        options.output,
        provider=options.provider,
        neighbours=options.neighbours,
        as_at=when["date"],
        published_by=when["published_by"],
        framework=when["framework"] or "all",
        register=register,
        judgement=options.judgement,
        title=options.title,
    )
    return f"wrote {page}, {page.stat().st_size / 1e6:.1f} MB: open it in a browser"


def run_published(options: argparse.Namespace) -> Answer:
    """What Ofsted publishes."""
    return Answer(["Published on GOV.UK"], {"Published": sif.list_published(options.remit, folder=options.folder)})


def run_fetch(options: argparse.Namespace) -> str:
    """Fetch a file, and say where it is kept."""
    return str(sif.fetch(options.remit, options.as_at, kind=options.kind, folder=options.folder, refresh=options.refresh))


def run_history(options: argparse.Namespace) -> str:
    """Fetch every release of a history, and write the table that they make together."""
    if not options.output.lower().endswith((".parquet", ".csv")):  # before anything is fetched
        raise ValueError(f"-o {options.output} is neither .parquet nor .csv")
    history, account = sif.fetch_history(options.remit, folder=options.folder, return_report=True)
    if is_parquet(options.output):
        history.to_parquet(options.output, index=False)
    else:
        history.to_csv(options.output, index=False)
    gaps = [f"not there: {gap}" for gap in history.attrs["gaps"]]
    told = f"wrote {options.output}: {len(history):,} inspections, known from {history.attrs['known_from']}"
    return "\n".join([account.to_string(index=False), *gaps, told])


def run_update(options: argparse.Namespace) -> str:
    """Bring the table of local authorities up to date."""
    from ofsted_sif.sources.update import update

    path, differences = update(options.folder)
    shown = differences[differences["what"] != "kept"]
    told = (
        f"wrote {path}: {differences.attrs['added']} added, {differences.attrs['changed']} changed; load_inspections(updated=True) reads it"
    )
    return told if shown.empty else f"{shown.to_string(index=False)}\n{told}"
