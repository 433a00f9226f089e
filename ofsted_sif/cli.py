"""The command line: ``ofsted-sif`` and ``python -m ofsted_sif``."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import ofsted_sif as sif
from ofsted_sif import counts, reading
from ofsted_sif.scales import JUDGEMENTS, SCALES, GradeScale
from ofsted_sif.table import columns, dates

EPILOG = """examples:
  ofsted-sif                                    the state of children's services today, on the bundled table
  ofsted-sif headline --release la-2024-03-31   the same as Ofsted published it
  ofsted-sif aggregate --by region --format csv
  ofsted-sif series --as-at 2019-03-31 --as-at 2024-03-31 --framework SIF,ILACS
  ofsted-sif explain Birmingham --as-at 2015-03-10
  ofsted-sif read outcomes.ods                  what a downloaded file is, and every row accounted for
  ofsted-sif report -o report.html --provider Devon
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 0, or 2 for what the user got wrong."""
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", sif.PooledFrameworksWarning)
            text = options.run(options)
        for warning in caught:
            print(f"ofsted-sif: note: {warning.message}", file=sys.stderr)
        print(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        sys.stderr.close()
        return 0
    except (ValueError, OSError, ImportError) as error:
        print(f"ofsted-sif: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ofsted-sif",
        description="Aggregates Ofsted's inspection judgements. Without arguments: the state of children's services in England.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ofsted-sif {sif.__version__}")
    parser.set_defaults(run=_run_headline, **dict.fromkeys(["file", "release", "as_at", "published_by", "framework", "judgement", "by"]))
    parser.set_defaults(format="table")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    shared = _shared_options()
    headline = commands.add_parser("headline", parents=[shared], help="every judgement, the regions, and the year before")
    headline.set_defaults(run=_run_headline)
    aggregate = commands.add_parser("aggregate", parents=[shared], help="count the state on a date by grade, a row a group")
    aggregate.set_defaults(run=_run_aggregate)
    aggregate.add_argument("--every-inspection", action="store_true", help="count every row of the table, not the state on a date")
    series = commands.add_parser("series", parents=[shared], help="the same at many dates (give --as-at several times)")
    series.set_defaults(run=_run_series)
    explain = commands.add_parser("explain", parents=[shared], help="which inspection of a provider counts, and why the others do not")
    explain.add_argument("provider", metavar="PROVIDER", help="its code, or its name")
    explain.set_defaults(run=_run_explain)
    read = commands.add_parser("read", help="what a file is, what was read of it, and what was set aside")
    read.add_argument("file", metavar="FILE", help="a file as downloaded from Ofsted")
    read.set_defaults(run=_run_read)
    report = commands.add_parser("report", help="one page in HTML to send on: headline, map, regions, years, who changed, every provider")
    report.set_defaults(run=_run_report)
    report.add_argument("-o", "--output", metavar="PAGE", default="report.html", help="the page to write; by default report.html")
    report.add_argument("--provider", metavar="NAME", help="a provider to put first: its code, or its name")
    report.add_argument(
        "--neighbours",
        metavar="CODES",
        help="the statistical neighbours of that provider: codes with commas between them, or a file of codes",
    )
    report.add_argument("--as-at", metavar="DATE", help="the date; by default the last that the table covers")
    report.add_argument("--published-by", metavar="CUTOFF", help="a date, or a time after the date as '1 month'")
    report.add_argument("--framework", metavar="NAMES", help="frameworks to take, as SIF,ILACS; by default all")
    _add_sources(commands)
    # FILE stands last, after what a command takes of its own.
    for command in (headline, aggregate, series, explain, report):
        command.add_argument("file", nargs="?", metavar="FILE", help="a table of inspections; by default the bundled one")
    return parser


def _add_sources(commands: Any) -> None:
    """The commands that ask GOV.UK; no other opens a connection."""
    published = commands.add_parser("published", help="what Ofsted publishes on GOV.UK (asks it)")
    published.add_argument("remit", nargs="?", metavar="REMIT", help="as 'state-funded schools'; by default all")
    published.add_argument("--format", choices=["table", "csv", "json"], default="table", help="by default table")
    published.set_defaults(run=_run_published)
    fetch = commands.add_parser("fetch", help="fetch a file from GOV.UK, and say where it is kept")
    fetch.add_argument("--as-at", metavar="DATE", default="latest", help="the date in its title; by default the newest")
    fetch.add_argument("--kind", default="latest", help="latest, in year, history or agencies; by default latest")
    history = commands.add_parser("history", help="fetch every release of a history, and write the table they make together")
    history.add_argument("-o", "--output", metavar="TABLE", required=True, help="a .parquet or .csv to write")
    for command, run in ((fetch, _run_fetch), (history, _run_history)):
        command.add_argument("remit", metavar="REMIT", help="as 'state-funded schools'")
        command.set_defaults(run=run)
    for command in (published, fetch, history):
        command.add_argument("--folder", help="where files are kept; by default the system's place for caches")
    fetch.add_argument("--refresh", action="store_true", help="ask even where the file is kept")
    update = commands.add_parser("update", help="bring the table of local authorities up to date, in a copy of your own")
    update.add_argument("--folder", help="where files are kept; by default the system's place for caches")
    update.set_defaults(run=_run_update)


def _shared_options() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--release", metavar="NAME", help="dates and frameworks of one of Ofsted's releases, as la-2024-03-31")
    shared.add_argument("--as-at", metavar="DATE", action="append", help="the date; by default the last that the table covers")
    shared.add_argument("--published-by", metavar="CUTOFF", help="a date, or a time after the date as '1 month'")
    shared.add_argument("--framework", metavar="NAMES", help="frameworks to take, as SIF,ILACS; by default all")
    shared.add_argument("--judgement", metavar="NAMES", help="judgements, as overall_effectiveness,leadership")
    shared.add_argument("--by", metavar="COLUMNS", help="columns that make the groups, as region")
    shared.add_argument("--format", choices=["table", "csv", "json"], default="table", help="by default table")
    return shared


# ---- what the options mean


def _table(options: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The table asked for, and the register that belongs to it."""
    if options.file is None:
        return sif.load_inspections(), sif.load_local_authorities()
    if _is_parquet(options.file):
        return pd.read_parquet(options.file), None
    if _is_standard(options.file):
        return pd.read_csv(options.file, dtype=str), None
    table, report = reading.read_inspections(options.file, return_report=True)
    return table, report.register


def _is_parquet(path: str) -> bool:
    return path.lower().endswith(".parquet")


def _is_standard(path: str) -> bool:
    """Whether a file is a CSV with the standard column names already, as `DataFrame.to_csv` writes a table of inspections."""
    if not path.lower().endswith(".csv"):
        return False
    with Path(path).open("rb") as file:
        header = file.readline(10_000).decode("utf-8-sig", errors="replace").strip().split(",")
    return "provider" in header and any(name in header for name in JUDGEMENTS)


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _offset(text: str) -> Any:
    """A cut-off as the user writes it: a date stays text, '1 month' and the like become an offset."""
    found = re.fullmatch(r"\+?(\d+) *(day|week|month|year)s?", text.strip().lower())
    return pd.DateOffset(**{f"{found[2]}s": int(found[1])}) if found else text


def _last_day(table: pd.DataFrame) -> Any:
    """The last day of which the table tells: what it says itself, else its last publication or inspection."""
    if "complete_to" in table.attrs:
        return table.attrs["complete_to"]
    for name in ("published", "inspection_start"):
        if name in table.columns:
            days = dates.days_of(columns.column(table, name, name), name)
            if len(days) and days.max() > counts.NO_DAY:
                return dates.iso(days.max())
    raise ValueError("the table has no dates: give --as-at")


def _state_options(options: argparse.Namespace, table: pd.DataFrame) -> dict[str, Any]:
    """Date(s), cut-off and frameworks, from a release or one by one."""
    state: dict[str, Any] = {} if options.release is None else sif.release(options.release)
    if options.as_at:
        if options.release is not None:
            raise ValueError("--release gives the date: leave out --as-at")
        state["date"] = options.as_at
    if options.published_by is not None:
        state["published_by"] = _offset(options.published_by)
    if options.framework is not None:
        state["framework"] = _listed(options.framework)
    state.setdefault("date", _last_day(table))
    state.setdefault("published_by", None)
    state.setdefault("framework", None)
    return state


def _one_date(state: dict[str, Any]) -> dict[str, Any]:
    dates = state["date"]
    if isinstance(dates, list):
        if len(dates) > 1:
            raise ValueError(f"one --as-at is needed here, not {len(dates)}; `series` takes several")
        return state | {"date": dates[0]}
    return state


def _judgements(options: argparse.Namespace) -> str | list[str]:
    asked = _listed(options.judgement) or ["overall_effectiveness"]
    return asked[0] if len(asked) == 1 else asked


# ---- the commands


def _run_read(options: argparse.Namespace) -> str:
    return reading.describe(options.file)


def _run_aggregate(options: argparse.Namespace) -> str:
    if options.every_inspection and options.file is not None and _is_parquet(options.file):  # by batches, however large
        return _written(sif.aggregate(options.file, _listed(options.by), judgement=_judgements(options)), options.format)
    table, register = _table(options)
    if not options.every_inspection:
        table = sif.as_at(table, register=register, **_one_date(_state_options(options, table)))
    return _written(sif.aggregate(table, _listed(options.by), judgement=_judgements(options)), options.format)


def _run_series(options: argparse.Namespace) -> str:
    table, register = _table(options)
    state = _state_options(options, table)
    dates = state.pop("date")
    if not isinstance(dates, list):
        last = pd.Timestamp(str(dates))
        dates = [last - pd.DateOffset(years=years) for years in range(9, -1, -1)]
    judgement = _judgements(options)
    if isinstance(judgement, list):
        raise ValueError("series counts one --judgement at a time")
    counted = sif.series(table, dates, _listed(options.by), judgement=judgement, register=register, **state)
    return _written(counted, options.format)


def _run_explain(options: argparse.Namespace) -> str:
    table, register = _table(options)
    state = _one_date(_state_options(options, table))
    names = register if register is not None else table
    story = sif.explain(table, _provider(options.provider, names), register=register, **state)
    return _written(story, options.format)


def _run_report(options: argparse.Namespace) -> str:
    from ofsted_sif.report import write_report  # here, so that no other command waits for it

    if not (folder := Path(options.output).parent).is_dir():
        raise ValueError(f"there is no folder {folder} to write {options.output} into: make it first, or give another with -o")
    table, register = _table(options)
    page = write_report(
        table,
        options.output,
        provider=options.provider,
        neighbours=options.neighbours,
        as_at=_last_day(table) if options.as_at is None else options.as_at,
        published_by=None if options.published_by is None else _offset(options.published_by),
        framework=_listed(options.framework) or "all",
        register=register,
    )
    return f"wrote {page}, {page.stat().st_size / 1e6:.1f} MB: open it in a browser"


def _run_published(options: argparse.Namespace) -> str:
    return _written(sif.list_published(options.remit, folder=options.folder), options.format)


def _run_fetch(options: argparse.Namespace) -> str:
    return str(sif.fetch(options.remit, options.as_at, kind=options.kind, folder=options.folder, refresh=options.refresh))


def _run_history(options: argparse.Namespace) -> str:
    if not options.output.lower().endswith((".parquet", ".csv")):  # before anything is fetched
        raise ValueError(f"-o {options.output} is neither .parquet nor .csv")
    history, account = sif.fetch_history(options.remit, folder=options.folder, return_report=True)
    if _is_parquet(options.output):
        history.to_parquet(options.output, index=False)
    else:
        history.to_csv(options.output, index=False)
    gaps = [f"not there: {gap}" for gap in history.attrs["gaps"]]
    told = f"wrote {options.output}: {len(history):,} inspections, known from {history.attrs['known_from']}"
    return "\n".join([account.to_string(index=False), *gaps, told])


def _run_update(options: argparse.Namespace) -> str:
    from ofsted_sif.sources.update import update

    path, differences = update(options.folder)
    shown = differences[differences["what"] != "kept"]
    told = (
        f"wrote {path}: {differences.attrs['added']} added, {differences.attrs['changed']} changed; load_inspections(updated=True) reads it"
    )
    return told if shown.empty else f"{shown.to_string(index=False)}\n{told}"


def _provider(asked: str, names: pd.DataFrame) -> str:
    """A provider's code, from the code or the name."""
    if "provider_name" not in names.columns or (names["provider"].astype(str) == asked).any():
        return asked
    found = names[names["provider_name"].astype(str).str.casefold() == asked.casefold()]["provider"].astype(str).unique()
    if len(found) > 1:
        raise ValueError(f"{asked} is the name of {' and '.join(found)}: give the code")
    return str(found[0]) if len(found) else asked


def _written(result: pd.DataFrame, how: str) -> str:
    if how == "csv":
        return _without_formulas(result).to_csv(index=False).rstrip("\n")
    if how == "json":
        return str(result.to_json(orient="records", date_format="iso", date_unit="s", indent=1))
    return _story(result) if "because" in result.columns else "\n".join(_lines(result))


def _without_formulas(result: pd.DataFrame) -> pd.DataFrame:
    """Texts that a spreadsheet would run as a formula with an apostrophe before them, as the report's copied tables have it."""
    texts = [
        name
        for name in result.columns
        if isinstance(result[name].dtype, pd.CategoricalDtype | pd.StringDtype) or result[name].dtype == object
    ]
    return result.assign(**{name: result[name].astype(object).map(_no_formula, na_action="ignore") for name in texts})


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and re.match(r"[=+@\t\r-]", value) else value


def _story(story: pd.DataFrame) -> str:
    """The explanation of one provider, a paragraph an inspection; an arrow stands at the one that counts."""
    if story.empty:
        return "No inspection: not yet inspected."
    paragraphs = []
    judgements = columns.judgement_columns(story)
    for row in story.to_dict(orient="records"):
        date = next((row[name] for name in ("inspection_start", "published") if not pd.isna(row.get(name))), None)
        when = "no date" if date is None else dates.in_words(dates.day(date, "date"))
        kind = " ".join(str(row[name]) for name in ("framework", "inspection_type") if not pd.isna(row.get(name)))
        graded = "; ".join(f"{_human(name)}: {row[name]}" for name in judgements if not pd.isna(row[name]))
        head = f"{when}{', ' + kind if kind else ''}: {row['because']}"
        paragraph = textwrap.wrap(head, 79, initial_indent="-> " if row["counts"] else "   ", subsequent_indent="   ")
        paragraph += textwrap.wrap(graded, 79, initial_indent="     ", subsequent_indent="     ")
        paragraphs.append("\n".join(paragraph))
    return "\n\n".join(paragraphs)


# ---- the headline


def _run_headline(options: argparse.Namespace) -> str:
    table, register = _table(options)
    state = _one_date(_state_options(options, table))
    state["framework"] = state["framework"] or "all"
    now = sif.as_at(table, register=register, **state)
    judgements = _listed(options.judgement) or _judgements_of_newest(table, now)
    if options.format != "table":
        return _written(sif.aggregate(now, _listed(options.by), judgement=judgements), options.format)
    day = pd.Timestamp(now.attrs["as_at"])
    cutoff = pd.Timestamp(now.attrs["published_by"])
    year = pd.DateOffset(years=1)
    then_by = None if state["published_by"] is None else cutoff - year
    before = sif.as_at(table, day - year, published_by=then_by, framework=state["framework"], register=register)

    lines = [*_title(now, day, cutoff, options.file), ""]
    # A table of latest inspections alone does not reach back: of a year ago it tells only of those not inspected since.
    then, known = (int((state["status"] == "inspected").sum()) for state in (before, now))
    reaches_back = then >= 0.9 * known

    def counted(by: list[str] | None, judgement: str | list[str]) -> list[str]:
        earlier = sif.aggregate(before, by, judgement=judgement) if reaches_back else None
        return _lines(sif.aggregate(now, by, judgement=judgement), earlier)

    lines += counted(None, [*judgements])
    lines += _no_longer_made(table, state, register, now, judgements)
    year_ago = f"Year ago: {_words(day - year)}." if reaches_back else f"A year before, the table knows {then} inspected: not compared."
    lines += ["", f"None: no such judgement. {year_ago} 95%: Wilson's interval.", ""]
    by = _listed(options.by) or (["region"] if "region" in now.columns else [])
    if by:
        first = judgements[0]
        lines += [f"{_human(first)} by {' and '.join(map(_human, by)).lower()}", ""]
        lines += [*counted(by, first), ""]
    lines.append("Next: ofsted-sif explain Birmingham, or ofsted-sif --help")
    return "\n".join(lines)


def _words(date: pd.Timestamp) -> str:
    return dates.in_words(dates.day(date, "date"))


def _human(name: str) -> str:
    return "Safeguarding board" if name == "lscb" else name.replace("_", " ").capitalize()


def _judgements_of_newest(table: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """The judgements that inspections of the newest framework make or made: that of the last publication."""
    held = columns.judgement_columns(table)
    if "framework" not in table.columns or "published" not in table.columns or now.empty:
        return held
    framework = table["framework"].iloc[int(np.argmax(dates.days_of(columns.column(table, "published", "published"), "published")))]
    of_newest = table[table["framework"] == framework]
    return [name for name in held if columns.has_grade(of_newest[name]).any()]


def _title(now: pd.DataFrame, day: pd.Timestamp, cutoff: pd.Timestamp, file: str | None) -> list[str]:
    what = "Children's services in England" if file is None else str(file)
    providers = "authorities" if file is None else "providers"
    waiting = int((now["status"] == "not yet inspected").sum())
    lines = [f"{what} as at {_words(day)}"]
    if cutoff != day:
        lines[0] += f", published by {_words(cutoff)}"
    told = f"{len(now)} {providers}, each by its most recent graded inspection"
    if "framework" in now.columns:
        numbers = now["framework"].value_counts()
        told += " (" + ", ".join(f"{name} {number}" for name, number in numbers.items() if number) + ")"
    lines.append(told)
    if waiting:
        under = "" if now.attrs["framework"] == ["all"] else f" under {' or '.join(now.attrs['framework'])}"
        lines.append(f"{waiting} of them not yet inspected{under}")
    return lines


def _label(row: dict[str, Any], names: list[str]) -> str:
    """What a row of a result is: its labels, dates as 2024-03-31."""
    told = []
    for name in names:
        value = row[name]
        if pd.isna(value):
            told.append("(missing)")
        elif isinstance(value, pd.Timestamp):
            told.append(f"{value:%Y-%m-%d}")
        else:
            told.append(_human(str(value)) if name == "judgement" else str(value))
    return ", ".join(told)


def _clipped(word: str) -> str:
    """A word in a heading of seven letters."""
    return word if len(word) <= 7 else f"{word[:6]}."


def _lines(counted: pd.DataFrame, before: pd.DataFrame | None = None) -> list[str]:
    """A result of `aggregate` or `series` within 80 columns: grades, none, the share good or better, and that of the year before."""
    names = list(counted.columns[: counted.columns.get_loc("n")])
    scale = next(scale for scale in SCALES if scale.columns[0] in counted.columns)
    rows = counted.to_dict(orient="records")
    labels = [_label(row, names) for row in rows]
    # A label too long for its column stands on a line of its own.
    width = max([24, *(len(label) for label in labels if len(label) <= 29)])
    words = [[*map(_clipped, label.split()), ""][:2] for label in scale.labels]
    # Room for the largest number and a space before it, so that two numbers never read as one.
    wide = max([8, *(len(f"{int(row[name])}") + 1 for row in rows for name in scale.columns)])
    none = max([5, *(len(f"{int(row['n_not_judged'])}") + 1 for row in rows)])
    upper = "".join(f"{first:>{wide}}" for first, _ in words) + f"{'None':>{none}}"
    lower = "".join(f"{second:>{wide}}" for _, second in words) + f"{'':{none}}"
    if scale.threshold_column is not None:
        upper, lower = f"{upper} {'Good or':<13}", f"{lower} {'better, 95%':<13}"
        if before is not None:
            upper, lower = f"{upper} Year", f"{lower}  ago"
    lines = [f"{'':{width}}{upper}".rstrip(), f"{'':{width}}{lower}".rstrip()]
    earlier = {} if before is None else {_label(row, names): row for row in before.to_dict(orient="records")}
    for label, row in zip(labels, rows, strict=True):
        if len(label) > width:
            lines.append(label)
            label = ""
        line = f"{label:{width}}" + "".join(f"{int(row[name]):>{wide}}" for name in scale.columns) + f"{int(row['n_not_judged']):>{none}}"
        if scale.threshold_column is not None:
            line += f" {_share(row, scale):<13}"
            if before is not None:
                line += f"{_percent(earlier.get(_label(row, names)), scale):>5}"
        lines.append(line.rstrip())
    return lines


def _percent(row: dict[str, Any] | None, scale: GradeScale) -> str:
    if row is None or not row["n_judged"]:
        return "-"
    return f"{int(sif.percent(int(row[str(scale.threshold_column)]), int(row['n_judged'])))}%"


def _share(row: dict[str, Any], scale: GradeScale) -> str:
    return f"{_percent(row, scale):>4} ({100 * row['lower']:.0f}-{100 * row['upper']:.0f})" if row["n_judged"] else "   -"


def _no_longer_made(
    table: pd.DataFrame, state: dict[str, Any], register: pd.DataFrame | None, now: pd.DataFrame, judgements: list[str]
) -> list[str]:
    """Say of each judgement that inspections have ceased to make: since when, for how many, and what the last ones were."""
    lines = []
    for name in judgements:
        last = sif.as_at(table, register=register, having=name, **state)
        newer = last["newer_inspection"]
        # Ceased: every inspection that made it began before all that no longer do.
        made = last.loc[last["status"] == "inspected", "inspection_start" if "inspection_start" in last.columns else "published"]
        if not newer.notna().any() or max(dates.day(date, "date") for date in made.dropna()) >= dates.day(newer.min(), "date"):
            continue
        since = _words(newer.min()).split(maxsplit=1)[1]
        row = sif.aggregate(last, judgement=name).to_dict(orient="records")[0]
        _, scale = columns.grade_codes(last, name, None)
        numbers = "/".join(str(row[column]) for column in scale.columns)
        lines += [
            "",
            *textwrap.wrap(
                f"Inspections since {since} no longer make the judgement {_human(name).lower()}: it is therefore missing "
                f"for {int(newer.notna().sum())} of the {len(now)}. By the last inspection that made it: {numbers}, "
                f"{_percent(row, scale)} good or better.",
                79,
            ),
        ]
    return lines
