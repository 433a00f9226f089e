"""The commands and options of the command line."""

from __future__ import annotations

import argparse
from typing import Any

from ofsted_sif._version import __version__
from ofsted_sif.cli import commands, headline
from ofsted_sif.cli.wording import COLUMNS

EPILOG = """examples:
  ofsted-sif                                    the state of children's services today, on the bundled table
  ofsted-sif headline --release la-2024-03-31   the same as Ofsted published it
  ofsted-sif aggregate --by region --format csv
  ofsted-sif series --as-at 2019-03-31 --as-at 2024-03-31 --framework SIF,ILACS
  ofsted-sif explain Birmingham --as-at 2015-03-10
  ofsted-sif releases                           the dates and cut-offs of Ofsted's own releases
  ofsted-sif read outcomes.ods                  what a downloaded file is, and every row accounted for
  ofsted-sif report -o report.html --provider Devon
A list of names has commas; a name that has a comma itself stands in quotes: --by '"Area, town",region'
"""
FORMATS = ("table", "csv", "json", "md", "xlsx")


def parser() -> argparse.ArgumentParser:
    """The parser of the command line; what it gives has in `run` the command to run."""
    made = argparse.ArgumentParser(
        prog="ofsted-sif",
        description="Aggregates Ofsted's inspection judgements. Without arguments: the state of children's services in England.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"ofsted-sif {__version__}")
    of_the_headline = (
        "file",
        "release",
        "as_at",
        "published_by",
        "framework",
        "having",
        "judgement",
        "by",
        "sheet",
        "title",
        "output",
        "format",
    )
    made.set_defaults(run=headline.run, overwrite=False, is_answer=False, column=[], **dict.fromkeys(of_the_headline))
    subparsers = made.add_subparsers(title="commands", metavar="COMMAND")
    _add_questions(subparsers)
    _add_sources(subparsers)
    return made


def _add_questions(subparsers: Any) -> None:
    """The commands that ask a table of inspections."""
    state, shown, having = _state_options(), _shown_options(), argparse.ArgumentParser(add_help=False)
    having.add_argument(
        "--having",
        metavar="NAME",
        help="take the last inspection that made this judgement; 'none': the newest, whatever it judged. headline goes by the last that "
        "made the judgement that it is about, the other commands by the newest",
    )
    of_judgements = argparse.ArgumentParser(add_help=False)
    of_judgements.add_argument("--judgement", metavar="NAMES", help="judgements, as overall_effectiveness,leadership")
    of_judgements.add_argument("--by", metavar="COLUMNS", help="columns that make the groups, as region")
    counted = [state, having, of_judgements, shown]

    def add(name: str, run: Any, parents: list[argparse.ArgumentParser], says: str) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = subparsers.add_parser(name, parents=parents, help=says, description=says.capitalize())
        command.set_defaults(run=run)
        return command

    first = add("headline", headline.run, counted, "every judgement, the regions, and the year before")
    first.add_argument("--title", help="what stands at the head in place of what the table is about")
    aggregate = add("aggregate", commands.run_aggregate, counted, "count the state on a date by grade, one row per group")
    aggregate.add_argument("--every-inspection", action="store_true", help="count every row of the table, not the state on a date")
    series = add("series", commands.run_series, counted, "the same at many dates (give --as-at several times)")
    explain = add(
        "explain", commands.run_explain, [state, having, shown], "which inspection of a provider counts, and why the others do not"
    )
    explain.add_argument("provider", metavar="PROVIDER", help="its code, its name, or a part of it: Hull")
    report = add("report", commands.run_report, [state], "one page in HTML to send on: headline, map, regions, years, every provider")
    report.add_argument("-o", "--output", metavar="PAGE", default="report.html", help="the page to write; by default report.html")
    report.add_argument("--overwrite", action="store_true", help="replace the page if it is there already")
    report.add_argument("--judgement", metavar="NAME", help="the judgement of the headline; by default overall_effectiveness")
    report.add_argument("--provider", metavar="NAME", help="a provider to put first: its code, or its name")
    report.add_argument(
        "--neighbours",
        metavar="CODES",
        help="the statistical neighbours of that provider: codes with commas between them, or a file of codes",
    )
    report.add_argument("--title", help="the title of the page")
    # FILE stands last, after what a command takes of its own.
    for command in (first, aggregate, series, explain, report):
        command.add_argument("file", nargs="?", metavar="FILE", help="a table of inspections; by default the bundled one")
    read = add("read", commands.run_read, [], "what a file is, what was read of it, and what was set aside")
    read.add_argument("file", metavar="FILE", help="a file as downloaded from Ofsted")
    read.add_argument("--sheet", metavar="NAME", help="the sheet of a workbook; by default the first with inspections")
    add("releases", commands.run_releases, [shown], "the dates, cut-offs and frameworks of Ofsted's own releases, for --release")


def _state_options() -> argparse.ArgumentParser:
    """What table is asked, and as at which date."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--release", metavar="NAME", help="dates and frameworks of one of Ofsted's releases, as la-2024-03-31")
    shared.add_argument("--as-at", metavar="DATE", action="append", help="the date; by default the last that the table covers")
    shared.add_argument("--published-by", metavar="CUTOFF", help="a date, or a time after the date as '1 month'")
    shared.add_argument("--framework", metavar="NAMES", help="frameworks to take, as SIF,ILACS; 'all' takes them together")
    shared.add_argument("--sheet", metavar="NAME", help="the sheet of a workbook; by default the first with inspections")
    shared.add_argument(
        "--column",
        metavar="WHAT=NAME",
        action="append",
        default=[],
        help=f"what your file calls a column, as provider=URN; {', '.join(COLUMNS)}, or any standard name; NAME none: do without it",
    )
    return shared


def _shown_options() -> argparse.ArgumentParser:
    """How an answer is shown, and where it goes."""
    shown = argparse.ArgumentParser(add_help=False)
    shown.add_argument("--format", choices=FORMATS, help="by default what the name of -o says, else table; md is Markdown")
    shown.add_argument("-o", "--output", metavar="PATH", help="a file to write in place of the terminal")
    shown.add_argument("--overwrite", action="store_true", help="replace the file if it is there already")
    shown.set_defaults(is_answer=True)  # not a page or a table, which have names of their own
    return shown


def _add_sources(subparsers: Any) -> None:
    """The commands that ask GOV.UK; no other opens a connection."""
    published = subparsers.add_parser("published", parents=[_shown_options()], help="what Ofsted publishes on GOV.UK (asks it)")
    published.add_argument("remit", nargs="?", metavar="REMIT", help="as 'state-funded schools'; by default all")
    published.set_defaults(run=commands.run_published)
    fetch = subparsers.add_parser("fetch", help="fetch a file from GOV.UK, and say where it is kept")
    fetch.add_argument("--as-at", metavar="DATE", default="latest", help="the date in its title; by default the newest")
    fetch.add_argument("--kind", default="latest", help="latest, in year, history or agencies; by default latest")
    history = subparsers.add_parser("history", help="fetch every release of a history, and write the table they make together")
    history.add_argument("-o", "--output", metavar="TABLE", required=True, help="a .parquet or .csv to write")
    history.add_argument("--overwrite", action="store_true", help="replace the file if it is there already")
    for command, run in ((fetch, commands.run_fetch), (history, commands.run_history)):
        command.add_argument("remit", metavar="REMIT", help="as 'state-funded schools'")
        command.set_defaults(run=run)
    for command in (published, fetch, history):
        command.add_argument("--folder", help="where files are kept; by default the system's place for caches")
    fetch.add_argument("--refresh", action="store_true", help="ask even where the file is kept")
    update = subparsers.add_parser("update", help="bring the table of local authorities up to date, in a copy of your own")
    update.add_argument("--folder", help="where files are kept; by default the system's place for caches")
    update.set_defaults(run=commands.run_update)
