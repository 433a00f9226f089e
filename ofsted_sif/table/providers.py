"""A provider by what people call it: its key, its name, words of its name, or its initials."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import pandas as pd

from ofsted_sif.table.keys import as_key

#: Words that say what kind of council it is, or that stand in many names; of a name they tell little.
_COMMON = frozenset(
    [
        "and",
        "authority",
        "borough",
        "city",
        "council",
        "county",
        "district",
        "local",
        "london",
        "metropolitan",
        "of",
        "royal",
        "the",
        "unitary",
    ]
)
_SMALL = frozenset(["and", "in", "of", "on", "the", "upon"])
_SHOWN = 5


def find_provider(asked: Any, keys: Iterable[Any], names: pd.DataFrame, *, among: str = "in the table", argument: str = "provider") -> Any:
    """The key of the provider that is meant; an error names those that could be.

    A key comes first, then a whole name, then the only name with all the words asked for, then the only one with these initials. Parts
    of words and likeness are no answer, but a hint in the error.

    Parameters
    ----------
    asked : str or int
        A key, or what people call the provider.
    keys : iterable
        All keys there are.
    names : DataFrame
        Two columns: names, and the keys that they belong to.
    among : str
        Where the keys are, for the error.
    argument : str
        What was asked for, for the error.
    """
    of_key = {as_key(key): key for key in keys}
    if (key := of_key.get(as_key(asked))) is not None:
        return key
    called: dict[str, str] = {}
    for name, key in names.dropna().astype(object).drop_duplicates().itertuples(index=False):
        called.setdefault(as_key(key), str(name))
    wanted = _words(asked)
    exact = [key for key, name in called.items() if _words(name) == wanted] if wanted else []
    if len(exact) > 1:
        raise ValueError(f"{argument} {asked!r} is the name of {' and '.join(sorted(exact))}: give the code")
    telling = set(wanted) - _COMMON
    with_all = {key: set(_words(name)) - _COMMON for key, name in called.items() if telling and telling <= set(_words(name))}
    same = [key for key, words in with_all.items() if words == telling]
    initials = [key for key, name in called.items() if "".join(word[0] for word in _words(name) if word not in _SMALL) == "".join(wanted)]
    for found in (exact, same, [*with_all], initials):
        if len(found) == 1:
            return of_key[found[0]]
        if found:
            could_be = " or ".join(f"{called[key]} ({key})" for key in found[:_SHOWN])
            more = f" or {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise ValueError(f"{argument} {asked!r} could be {could_be}{more}: give the code, or more of the name")
    near = _nearest(wanted, telling or set(wanted), called)
    hint = f"; did you mean {' or '.join(f'{called[key]} ({key})' for key in near)}?" if near else ""
    if not near and (codes := get_close_matches(as_key(asked), list(of_key), n=3)):
        hint = f"; nearest: {', '.join(codes)}"
    raise ValueError(f"{argument} {asked!r} is not {among}{hint}")


def _words(name: Any) -> list[str]:
    """The words of a name, without accents, marks and the case of letters."""
    plain = unicodedata.normalize("NFKD", str(name)).encode("ascii", "ignore").decode() or str(name)
    return re.findall(r"\w+", plain.casefold().replace("'", "").replace("&", " and "))


def _nearest(wanted: list[str], looked_for: set[str], called: dict[str, str]) -> list[str]:
    """The keys of the names that hold what was asked for as parts of words; else of those that are alike."""
    parts = [key for key, name in called.items() if looked_for and all(any(part in word for word in _words(name)) for part in looked_for)]
    if parts:
        return parts[:_SHOWN]
    by_form = {" ".join(_words(name)): key for key, name in called.items()}
    return [by_form[form] for form in get_close_matches(" ".join(wanted), list(by_form), n=3, cutoff=0.6)]
