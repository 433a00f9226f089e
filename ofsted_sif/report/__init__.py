"""One self-contained HTML page of a table of inspections, to send on: no network, no script from elsewhere, everything escaped."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ofsted_sif._version import __version__
from ofsted_sif.installed import need
from ofsted_sif.plot import palette
from ofsted_sif.report.gathering import gather
from ofsted_sif.whole_file import whole_file

__all__ = ["write_report"]

_FOLDER = Path(__file__).parent


def write_report(
    table: Any,
    path: str | os.PathLike[str],
    *,
    provider: str | None = None,
    as_at: Any = None,
    published_by: Any = None,
    framework: Any = "all",
    register: Any = None,
    judgement: str | None = None,
    neighbours: Sequence[str] | str | os.PathLike[str] | None = None,
    title: str | None = None,
) -> Path:
    """Write a page that a head of service can send on: headline, map, regions, years, who changed, and a page for each provider.

    Parameters
    ----------
    table : DataFrame (pandas, polars), Arrow table, structured array or mapping of arrays, n rows
        One row per inspection, in the standard columns; provider, a date and a judgement are required.
    path : str or PathLike
        The HTML file. It is replaced only once the new one is complete.
    provider : str, optional
        A provider to put first, by its key or its name.
    as_at : date or str, optional
        The date; by default the last date in the table.
    published_by : date or offset, optional
        The cut-off, as for `as_at`; by default the date itself.
    framework : str or sequence of str, default "all"
        Frameworks to take. The page says how many of each stand behind its figures.
    register : DataFrame, optional
        As for `as_at`: adds the providers not yet inspected.
    judgement : str, optional
        The judgement of the headline; by default overall_effectiveness where the table has it, else its first. The page shows for
        each provider the last that was made, and says how many are older than the newest inspection.
    neighbours : sequence of str, str or PathLike, optional
        The statistical neighbours of `provider`, by code or name: a list, text with commas between them, or a file with one in each line
        (of a CSV file the first column). They stand beside it on its page. The package comes with none.
    title : str, optional
        The page's title.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    ValueError
        For a provider or neighbour that is unknown or whose name is that of two; for neighbours without a provider; for a table
        without judgements, dates or rows as at that date.
    ImportError
        Without Jinja2; the message names the command that installs it.
    OSError
        If the file cannot be written; an earlier one is left whole.

    Notes
    -----
    With more than 400 providers only the one asked for has a page of its own, and with more than 3,000 the table of all is left out;
    the page says so. A page that has all providers, of a table of at most 5,000 inspections that knows each provider from the beginning
    (no ``known_from``), carries the graded inspections: its reader can move the date, framework, judgement and region.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import ofsted_sif as sif
    >>> from ofsted_sif.report import write_report
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_report(sif.load_inspections(), pathlib.Path(folder) / "report.html", provider="Devon").read_text("utf-8")
    >>> page.count('class="authority page"')
    152
    """
    data = gather(
        table,
        provider=provider,
        neighbours=neighbours,
        date=as_at,
        published_by=published_by,
        framework=framework,
        register=register,
        judgement=judgement,
    )
    if title is not None:
        data["title"] = title
    target = Path(path)
    page = _render(data)
    with whole_file(target) as part:
        part.write_text(page, encoding="utf-8", newline="\n")
    return target


@cache  # for the first page alone are the templates read and compiled
def _environment(jinja2: Any) -> Any:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _render(data: dict[str, Any]) -> str:
    environment = _environment(need("jinja2", "report", "reports"))
    fills = [*palette.fills(data["scale"]).values()]
    style = environment.get_template("page.css").render(fills=[(fill, palette.text_on(fill)) for fill in fills], palette=palette)
    script = "\n".join((_FOLDER / name).read_text("utf-8") for name in ("page.js", *(["explorer.js"] if data["records"] else [])))
    # The page may run this script and use this style, and nothing else, whatever should ever slip through the escaping.
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    template = environment.get_template("page.html")
    return template.render(data, style=style, script=script, policy=policy, version=__version__, palette=palette)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
