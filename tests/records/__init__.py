"""Records of what was measured, one TOML file a subject in this folder, each written by the command that measures it.

A record has a `title`, the `date` of the measurement, the `command` that repeats it, the `machine`, and a table `figures`: what was
counted -> a number, or a few words with numbers in them. `python3 -m tests.figures` sets all records in tests/README.md.
"""

import datetime
import json
import os
import platform
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
FIELDS = {"title", "date", "command", "machine", "figures"}


def machine() -> str:
    """What of the machine may matter to a figure."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {platform.python_implementation()} {platform.python_version()}"
    )


def read_record(name: str) -> dict[str, Any] | None:
    """The record of a subject, None where nothing was measured yet."""
    path = FOLDER / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write_record(name: str, title: str, command: str, figures: Mapping[str, int | float | str], *, keep: bool = False) -> Path:
    """Write a record of today; with `keep` the figures of the last one that were not measured now stay."""
    before = (read_record(name) or {}).get("figures", {}) if keep else {}
    path = FOLDER / f"{name}.toml"
    lines = [
        f"title = {quoted(title)}",
        f"date = {datetime.date.today()}",
        f"command = {quoted(command)}",
        f"machine = {quoted(machine())}",
    ]
    lines += ["", "[figures]", *(f"{quoted(what)} = {quoted(figure)}" for what, figure in {**before, **figures}.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def quoted(value: int | float | str) -> str:
    """As TOML writes it: a basic string is that of JSON."""
    return json.dumps(value, ensure_ascii=False)
