"""Messages in the language of the command line: `framework=["SIF"]` is Python, ``--framework SIF`` can be typed in a shell."""

from __future__ import annotations

import re
import shlex

#: What arguments of the functions are called on the command line.
OPTIONS = {
    **dict.fromkeys(["as_at", "date", "dates"], "--as-at"),
    **{
        name: f"--{name.replace('_', '-')}" for name in ("by", "framework", "having", "judgement", "kind", "published_by", "sheet", "title")
    },
}
#: Arguments that name a column of the table: ``--column provider=URN``.
COLUMNS = {
    "provider": "provider",
    "inspected": "inspection_start",
    "published": "published",
    "opened": "opened",
    "closed": "closed",
    "graded": "graded",
}
_VALUE = r"\[[^\]]*\]|'[^']*'|\"[^\"]*\"|[\w-]+(?:\.\w+\([^)]*\))?"
_ARGUMENT = re.compile(rf"\b({'|'.join([*OPTIONS, *COLUMNS])})=({_VALUE})?")
_RENAME = re.compile(r",? as with table\.rename\(columns=(?:\{[^}]*\}|\.\.\.)\)")
_REPLACE = re.compile(r"; if it means none: table\[.*$")
_FUNCTION = re.compile(r"\b(?:sif|ofsted_sif)\.(\w+)\(\)")


def for_the_command_line(message: str) -> str:
    """The message in one line, with options in place of Python's arguments."""
    text = _REPLACE.sub("; if it means none, leave the cell empty", message)
    text = _FUNCTION.sub(r"`ofsted-sif \1`", _RENAME.sub("", text))
    return " ".join(_ARGUMENT.sub(_option, text).split())


def _option(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    typed = None if value is None else ",".join(re.findall(r"['\"]([^'\"]*)['\"]", value)) or value.strip("'\"[]") or "''"
    if name in COLUMNS:
        named = "..." if typed is None else "none" if typed == "None" else typed
        return f"--column {shlex.quote(f'{name}={named}') if ' ' in named else f'{name}={named}'}"
    option = OPTIONS[name]
    return option if typed is None else f"{option} {shlex.quote(typed) if ' ' in typed else typed}"
