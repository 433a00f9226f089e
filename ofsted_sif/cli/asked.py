"""What the options mean: the table and its register, the date, the cut-off, the frameworks, and what all of it is called."""

from __future__ import annotations

import argparse
import codecs
import csv
import io
import re
import shlex
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import pandas as pd

import ofsted_sif as sif
from ofsted_sif import counts, csv_header, reading
from ofsted_sif.cli.wording import COLUMNS
from ofsted_sif.reading import files
from ofsted_sif.report.naming import Whose, are_authorities, whose
from ofsted_sif.scales import JUDGEMENTS
from ofsted_sif.table import columns, dates
from ofsted_sif.table.columns import STANDARD

# ---- the table

_PACKED = (".gz", ".zip")


def check_file(options: argparse.Namespace) -> None:
    """Refuse a FILE that is not there, before anything is done, and say what was probably meant."""
    given = getattr(options, "file", None)
    if given is not None and Path(given).is_dir() and not getattr(options, "every_inspection", False):
        raise IsADirectoryError(f"{given} is a folder: give a file in it")
    if given is None or Path(given).exists() or getattr(options, "every_inspection", False):  # of which a pattern names several files
        return
    raise FileNotFoundError(f"No such file or directory: {given!r}{_meant_by(given, getattr(options, 'provider', None))}")


def _meant_by(given: str, provider: str | None) -> str:
    """What to type in place of a FILE that is no file."""
    if dates.parse_date(given) is not None:
        return f"; a date goes after --as-at: --as-at {given}"
    if given in set(sif.releases()["release"]):
        return f"; a release goes after --release: --release {given}"
    if given in sif.load_inspections().columns:
        return f"; a column that makes the groups goes after --by: --by {given}"
    if provider is not None and Path(provider).exists():
        return f"; PROVIDER stands before FILE: {shlex.quote(given)} {shlex.quote(provider)}"
    if provider is not None and not Path(given).suffix:
        return f"; a name of several words stands in quotes: {shlex.quote(f'{provider} {given}')}"
    return ""


def table_of(options: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The table asked for, in the standard columns, and the register that belongs to it."""
    called = _called(options.column)
    if options.file is None:
        table, register = sif.load_inspections(), sif.load_local_authorities()
    elif is_parquet(options.file) or _is_of_ones_own(options.file, called):
        if options.sheet is not None:
            raise ValueError(f"--sheet {options.sheet}: {options.file} is no workbook and has no sheets")
        table, register = _own_table(options.file, called.get("graded") or "graded"), None
    elif (held := _own_sheet(options.file, options.sheet, called)) is not None:
        table, register = held, None
    else:
        try:
            table, report = reading.read_inspections(options.file, sheet=options.sheet, return_report=True)
        except reading.ReadingError as error:
            names = [repr(name) for name in called.values() if name is not None]
            if not names:
                raise
            told = "the names of a table of your own stand in its first row, spelt as --column has them"
            raise ValueError(f"{options.file} has no column {' or '.join(names)} in its first row: {told}. {error}") from error
        register = report.register
    return _renamed(table, called), register


def is_parquet(path: str) -> bool:
    """Whether a file is Parquet, by its name."""
    return path.lower().endswith(".parquet")


def _own_table(path: str, graded: str) -> pd.DataFrame:
    """A table of the user's own, with what its column `graded` says as true and false, or an error that names the file."""
    try:
        if is_parquet(path):
            return pd.read_parquet(path)
        table = _own_csv(path)
    except ValueError as error:
        raise ValueError(f"{path} can't be read: {error}") from error
    if [*table.columns].count(graded) == 1:  # of two, whoever needs the column says so
        table[graded] = csv_header.true_or_false(table[graded])
    return table


def _own_csv(path: str) -> pd.DataFrame:
    """A CSV as text."""
    try:
        with _opened(path) as file:
            return csv_header.read_csv(file, _encoding(file))
    except UnicodeDecodeError:  # as Excel writes it
        with _opened(path) as file:
            return csv_header.read_csv(file, "cp1252")


def _opened(path: str) -> IO[bytes]:
    """A file to read bytes from; of a .gz, or a .zip of one CSV, what it holds."""
    return io.BytesIO(files.contents(path)[0]) if path.lower().endswith(_PACKED) else Path(path).open("rb")


def _encoding(file: IO[bytes]) -> str:
    """UTF-16 where the file's first two bytes say so, as Excel's "Unicode text" has it; else UTF-8. The file stays at its beginning."""
    mark = file.read(2)
    file.seek(0)
    return "utf-16" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _is_of_ones_own(path: str, called: dict[str, str | None]) -> bool:
    """Whether a file is a CSV with the standard column names, as `DataFrame.to_csv` writes a table, or with those that the user named."""
    if not path.lower().endswith((".csv", *_PACKED)):
        return False
    with _opened(path) as file:
        text = io.TextIOWrapper(file, encoding=_encoding(file), errors="replace", newline="")
        _, header = csv_header.header_of(text.read(csv_header.BEGINNING))
    return _is_own_header(header, called)


def _own_sheet(path: str, name: str | None, called: dict[str, str | None]) -> pd.DataFrame | None:
    """The table of the user's own that a sheet of a workbook holds, its names in the first row; None where it holds another."""
    if not path.lower().endswith((".xlsx", ".ods", ".xls")):
        return None
    source = files.open_source(path)
    if name is not None and name not in source.names:
        return None  # the reader says which sheets there are
    sheet = source.names[0] if name is None else name
    header = [str(cell).strip() for row in source.load(sheet, 1).rows for cell in row]
    if not _is_own_header(header, called):
        return None
    cells = [[_cell(cell) for cell in row] for row in source.load(sheet, None).rows[1:]]
    return pd.DataFrame([row for row in cells if any(cell is not None for cell in row)], columns=header, dtype=object)


def _cell(value: Any) -> Any:
    """A cell's value: blank ones are missing, and a number without a fraction, a key perhaps, has none."""
    if value == "":
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_own_header(header: Sequence[str], called: dict[str, str | None]) -> bool:
    """Whether a header has the names that the user gave, or the standard ones."""
    if any(name in header for name in called.values()):
        return True
    return "provider" in header and any(name in header for name in JUDGEMENTS)


def _called(given: Iterable[str]) -> dict[str, str | None]:
    """The user's names of columns by their standard names, from texts as ``provider=URN``; None does without."""
    called: dict[str, str | None] = {}
    for text in given:
        what, sign, name = text.partition("=")
        standard = COLUMNS.get(what.strip(), what.strip())
        if not sign or not name.strip() or standard not in (*STANDARD, *JUDGEMENTS):
            raise ValueError(f"--column {text}: give what it is and its name, as provider=URN or inspected='Inspection date'")
        called[standard] = None if name.strip() == "none" else name.strip()
    return called


def _renamed(table: pd.DataFrame, called: dict[str, str | None]) -> pd.DataFrame:
    """The table with its columns under their standard names; a column that another takes the place of, or that is not wanted, goes."""
    argument = {standard: what for what, standard in COLUMNS.items()}
    for standard, name in called.items():
        if name is not None:
            columns.column(table, name, argument.get(standard, standard))
        elif standard in argument:
            table = table.drop(columns=[other for other in table.columns if columns.is_near(other, standard, argument[standard])])
        if name != standard:
            table = table.drop(columns=standard, errors="ignore")
    return table.rename(columns={name: standard for standard, name in called.items() if name is not None})


# ---- lists, dates, frameworks


def listed(text: str | None, option: str, known: Iterable[Any] = ()) -> list[str] | None:
    """The names in a list with commas; a whole text that is a known name, or one in quotes, may have commas itself."""
    if text is None:
        return None
    if text in known:
        return [text]
    names = [part.strip() for part in next(csv.reader([",".join(text.splitlines())], skipinitialspace=True), []) if part.strip()]
    if not names:
        raise ValueError(f"{option} {text!r} names nothing")
    return names


def _offset(text: str) -> Any:
    """A cut-off as the user writes it: a date stays text, '1 month' and the like become an offset."""
    found = re.fullmatch(r"\+?(\d+) *(day|week|month|year)s?", text.strip().lower())
    if found is None:
        return text
    length: dict[str, Any] = {f"{found[2]}s": int(found[1])}
    return pd.DateOffset(**length)


def _last_day(table: pd.DataFrame) -> Any:
    """The last day of which the table tells: what it says itself, else its last publication or inspection."""
    if "as_at" in table.columns and table["as_at"].nunique() == 1:  # a state that as_at made tells of one day
        return table["as_at"].iloc[0]
    if "complete_to" in table.attrs:
        return table.attrs["complete_to"]
    for name, argument in (("published", "published"), ("inspection_start", "inspected")):
        if (held := columns.optional(table, name, argument)) is not None:
            days = dates.days_of(held, name)
            if len(days) and days.max() > counts.NO_DAY:
                return dates.iso(days.max())
    raise ValueError("the table has no dates: give --as-at")


def when_of(options: argparse.Namespace, table: pd.DataFrame) -> dict[str, Any]:
    """Date or dates, cut-off and frameworks, from a release or one by one."""
    when: dict[str, Any] = {}
    if options.release is not None:
        when = sif.release(options.release)
        _check_remit(options.release, table)
    if options.as_at:
        if options.release is not None:
            raise ValueError("--release gives the date: leave out --as-at")
        for date in options.as_at:
            dates.day(date, "as_at")
        when["date"] = options.as_at
    if options.published_by is not None:
        when["published_by"] = _offset(options.published_by)
    if options.framework is not None:
        when["framework"] = listed(options.framework, "--framework")
    if "date" not in when:
        when["date"] = _last_day(table)
    _check_frameworks(when.get("framework"), options, table)
    return {"published_by": None, "framework": None} | when


def _check_remit(name: str, table: pd.DataFrame) -> None:
    """Refuse a release of another remit than the table's: its date, cut-off and frameworks are none of theirs."""
    releases = sif.releases().set_index("release")["remit"]
    held = _remit_of(table)
    if held is None or releases[name] == held:
        return
    theirs = releases.index[releases == held][-1]
    raise ValueError(
        f"--release {name} is one of {releases[name]}, and the table is of {held}: give one of theirs, as --release {theirs}, "
        "or a date with --as-at"
    )


def _remit_of(table: pd.DataFrame) -> str | None:
    """Of which remit a table is, as `releases` names them: by the layout in which it was read, else by its providers; None: not told."""
    remits = set(sif.releases()["remit"])
    said = str(table.attrs.get("layout", "")).partition(",")[0]
    for remit in (said, f"state-funded {said}"):
        if remit in remits:
            return remit
    return "local authorities" if "provider" in table.columns and are_authorities(table["provider"]) else None


def _check_frameworks(asked: Any, options: argparse.Namespace, table: pd.DataFrame) -> None:
    """Refuse frameworks of a table that does not tell them, as those of social care providers and schools do not."""
    named = [asked] if isinstance(asked, str) else list(asked or ["all"])
    if "framework" in table.columns or [name.strip().casefold() for name in named] == ["all"]:
        return
    given = (
        f"--framework {','.join(named)}" if options.framework else f"--release {options.release} takes {' and '.join(named)} inspections"
    )
    raise ValueError(
        f"{given}: the table has no column 'framework'; give --as-at and leave this out, or say which column it is: --column framework=NAME"
    )


def one_date(when: dict[str, Any]) -> dict[str, Any]:
    """The same for a command that takes one date."""
    given = when["date"]
    if isinstance(given, list):
        if len(given) > 1:
            raise ValueError(f"one --as-at is needed here, not {len(given)}; `ofsted-sif series` takes several")
        return when | {"date": given[0]}
    return when


def having_of(options: argparse.Namespace, default: str | None = None) -> str | None:
    """The judgement that an inspection must have made to count; None: the newest counts, whatever it judged."""
    if options.having is None:
        return default
    return None if options.having.strip().lower() == "none" else str(options.having)


# ---- what it is called


def human(name: str) -> str:
    """A column's name in words."""
    return "Safeguarding board" if name == "lscb" else name.replace("_", " ").capitalize()


def in_words(date: Any) -> str:
    """A date as 31 March 2024."""
    return dates.in_words(dates.day(date, "date"))


def of_whom(state: pd.DataFrame, table: pd.DataFrame, register: pd.DataFrame | None) -> Whose:
    """Of whom a state tells."""
    held = [*table["provider"], *([] if register is None else register["provider"])]
    day, cutoff = (dates.day(state.attrs[name], name) for name in ("as_at", "published_by"))
    return whose(state, held, day, cutoff)


def about(who: Whose, options: argparse.Namespace) -> str:
    """What an answer is about, and from which file."""
    title = getattr(options, "title", None) or who.title.replace("’", "'")
    return title if options.file is None else f"{title} ({Path(options.file).name})"


def by_which(judgement: str | None) -> str:
    """By which inspection each provider is counted."""
    return "each by its most recent graded inspection" if judgement is None else f"each by the last that judged {human(judgement).lower()}"


def said_of(state: pd.DataFrame, who: Whose, by: str, newest: pd.DataFrame | None = None) -> list[str]:
    """Who is counted, by which inspection, of which frameworks; and who has none. `newest`: the state by the newest inspections."""
    told = f"{who.n:,} {who.noun if who.n == 1 else who.nouns}, {by}"
    if "framework" in state.columns:
        numbers = [f"{name} {number}" for name, number in state["framework"].value_counts().items() if number]
        told += f" ({', '.join(numbers)})" if numbers else ""
    lines = [told]
    under = "" if state.attrs["framework"] == ["all"] else f" under {' or '.join(state.attrs['framework'])}"
    status = (state if newest is None else newest)["status"].astype(object)
    lines += [
        f"{number:,} of them {_STATUS.get(str(word), word)}{under}" for word, number in status.value_counts().items() if word != "inspected"
    ]
    return lines


_STATUS = {"no graded inspection": "without a graded inspection"}


def as_at_line(state: pd.DataFrame) -> str:
    """The date and, where it is another, the cut-off."""
    day, cutoff = state.attrs["as_at"], state.attrs["published_by"]
    return f"as at {in_words(day)}" + ("" if cutoff == day else f", published by {in_words(cutoff)}")


def quietly(call: Any, *args: Any, **kwargs: Any) -> Any:
    """What a call gives, without its warnings: of a state that only stands beside the one asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(*args, **kwargs)
