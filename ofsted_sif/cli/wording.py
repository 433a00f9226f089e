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
#: What ends a message that offers an argument for which there is no option.
_CONSENT = re.compile(r",? or say incomplete='allow'(?: to take [^.;()]*)?")
#: What ends the message about a file of unknown columns: how to write a layout, for which there is no option either.
_LAYOUT = re.compile(r"(?:If the columns are there under other names, write|A layout of your own reads it:).*", re.DOTALL)
_SAY_THE_COLUMNS = (
    "If the columns are there under other names, say which: --column provider=URN --column inspected='Inspection date' "
    "--column overall_effectiveness=Grade (`ofsted-sif headline --help`)"
)
_NO_JUDGEMENT = re.compile(r"rename one to 'overall_effectiveness', or name it with having=")
_NOT_IN_THE_TABLE = re.compile(r"^provider .* is not in the table$")
_LIST_THEM = "; `ofsted-sif aggregate --by provider,provider_name` lists codes and names (of a FILE: FILE at its end)"
_CALL = r"sif\.\w+(?:\([^()]*\))?"
_OF_PYTHON = re.compile(rf"\b{_CALL}(?:, {_CALL})*")
_REPLACE = re.compile(r"; if it means none: table\[.*$")
_WITHOUT = re.compile(r"; without such rows: table\[.*$")
_TO_DATETIME = re.compile(r"(; if [^:;]*): table\[.*$")
_FUNCTION = re.compile(r"\b(?:sif|ofsted_sif)\.(\w+)\(\)")


def for_the_command_line(message: str) -> str:
    """The message in one line, with options in place of Python's arguments."""
    text = _WITHOUT.sub("; take such rows out", message)
    text = _TO_DATETIME.sub(r"\1, write it as one of these", _REPLACE.sub("; if it means none, leave the cell empty", text))
    text, unknown_columns = _LAYOUT.subn("", _CONSENT.sub("", _RENAME.sub("", text)))
    text = _NO_JUDGEMENT.sub("say which is one: --column overall_effectiveness=Grade", text)
    text = _OF_PYTHON.sub(r"\g<0> in Python", _FUNCTION.sub(r"`ofsted-sif \1`", text))
    text = _ARGUMENT.sub(_option, text)
    if unknown_columns:
        text += _SAY_THE_COLUMNS
    elif _NOT_IN_THE_TABLE.match(text):
        text += _LIST_THEM
    return " ".join(text.split())


def _option(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    typed = None if value is None else ",".join(re.findall(r"['\"]([^'\"]*)['\"]", value)) or value.strip("'\"[]") or "''"
    if name in COLUMNS:
        named = "..." if typed is None else "none" if typed == "None" else typed
        return f"--column {shlex.quote(f'{name}={named}') if ' ' in named else f'{name}={named}'}"
    option = OPTIONS[name]
    return option if typed is None else f"{option} {shlex.quote(typed) if ' ' in typed else typed}"
