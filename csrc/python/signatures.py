"""Writes signatures.h and ofsted_sif/_core.pyi from signatures.toml: `python3 csrc/python/signatures.py`."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE, HEADER, STUB = ROOT / "csrc/python/signatures.toml", ROOT / "csrc/python/signatures.h", ROOT / "ofsted_sif/_core.pyi"
WIDTH = 140

# Each kind of argument, and its type in the stub.
TYPES = {
    "codes": "_Codes",
    "dates": "_Dates",
    "size": "int",
    "day": "int",
    "seed": "int",
    "flag": "bool",
    "texts": "_Texts",
    "values": "tuple[object, ...]",
} | (dict.fromkeys(["int32", "int64", "float64", "bool", "objects", "int32 out", "int64 out", "float64 out"], "_Buffer"))

STUB_HEAD = '''"""The kernels of the C core, on buffers. `counts` is their face for people.

Written by csrc/python/signatures.py from signatures.toml.
"""

from typing import Any, TypeAlias

import numpy as np

_Buffer: TypeAlias = np.ndarray[Any, Any] | bytes | bytearray | memoryview  # anything with the buffer protocol

_Codes: TypeAlias = _Buffer | tuple[_Buffer, _Buffer | None, int]

_Dates: TypeAlias = _Buffer | tuple[_Buffer, int]

_Texts: TypeAlias = list[tuple[Any, ...]]  # (kind, rows, offset, validity or None, offsets or views, buffers of text ...)

cpu: str

'''

HEADER_TEXT = """/* The prototypes of the bindings, and their entries in the method table. Written by signatures.py from signatures.toml. */
#ifndef SIF_SIGNATURES_H
#define SIF_SIGNATURES_H

/* clang-format off */
{prototypes}

#define METHODS_OF_KERNELS \\
{methods}
/* clang-format on */

#endif
"""


@dataclass(frozen=True)
class Argument:
    """An argument of a kernel."""

    name: str
    kind: str
    may_be_none: bool = False
    default: str | None = None

    @classmethod
    def read(cls, text: str, *, left_out: bool = False) -> Argument:
        """An argument as the table has it; one that may be left out without a default has the default `...`."""
        found = re.fullmatch(r"(\w+): ([\w ]+?)(\?)?(?: = (\w+))?", text)
        if found is None or found[2] not in TYPES:
            raise ValueError(f"{TABLE.name}: {text!r} is no 'NAME: KIND' of the kinds {', '.join(TYPES)}")
        if found[4] is not None and not left_out:
            raise ValueError(f"{TABLE.name}: {text!r} has a default, so it belongs to may_take")
        return cls(found[1], found[2], found[3] is not None, found[4] or ("..." if left_out else None))

    def typed(self) -> str:
        """What stands in the stub."""
        return f"{self.name}: {TYPES[self.kind]}{' | None' * self.may_be_none}{f' = {self.default}' if self.default else ''}"

    def plain(self) -> str:
        """What stands in the docstring."""
        return f"{self.name}={self.default}" if self.default else self.name


@dataclass(frozen=True)
class Kernel:
    """A kernel as Python calls it."""

    name: str
    does: str
    gives: str
    arguments: tuple[Argument, ...]

    @property
    def least(self) -> int:
        """The fewest arguments of a call."""
        return sum(argument.default is None for argument in self.arguments)

    def prototype(self) -> str:
        """The C function that `binding.h` declares."""
        return f"PyObject *bind_{self.name}(PyObject *module, PyObject *const *args, Py_ssize_t n_args);"

    def method(self) -> str:
        """The entry in the method table: METHOD(name, docstring), the docstring in pieces that are no longer than a line."""
        signature = f"{self.name}({', '.join(argument.plain() for argument in self.arguments)}, /)"
        lines = textwrap.wrap(signature, WIDTH - 20, break_long_words=False)
        pieces = [f"{line} " for line in lines[:-1]] + [f"{lines[-1]}\n--\n\n", self.does]
        return "\n".join([f"    METHOD({self.name},", *(f"           {json.dumps(piece)}" for piece in pieces)]) + "),"

    def stub(self) -> str:
        """The function in the stub, laid out as `ruff format` does."""
        typed = [*(argument.typed() for argument in self.arguments), "/"]
        line = f"def {self.name}({', '.join(typed)}) -> {self.gives}: ..."
        if len(line) <= WIDTH:
            return f"{line}\n"
        return f"def {self.name}(\n" + "".join(f"    {argument},\n" for argument in typed) + f") -> {self.gives}: ...\n"


def kernels() -> list[Kernel]:
    """The kernels of the table, in its order."""
    table = tomllib.loads(TABLE.read_text("utf-8"))
    shared = table.pop("shared")

    def arguments(texts: list[str], *, left_out: bool) -> list[Argument]:
        return [Argument.read(one, left_out=left_out) for text in texts for one in shared.get(text, [text])]

    return [
        Kernel(
            name,
            entry["does"],
            entry.get("gives", "None"),
            (*arguments(entry["takes"], left_out=False), *arguments(entry.get("may_take", []), left_out=True)),
        )
        for name, entry in table.items()
    ]


def generated() -> dict[Path, str]:
    """What each file that is written from the table has to say."""
    found = kernels()
    methods = "\n".join(kernel.method() for kernel in found).splitlines()
    width = max(map(len, methods)) + 1
    return {
        HEADER: HEADER_TEXT.format(
            prototypes="\n".join(kernel.prototype() for kernel in found),
            methods="\n".join(f"{line:{width}}\\" for line in methods[:-1]) + f"\n{methods[-1].rstrip(',')}",
        ),
        STUB: STUB_HEAD + "".join(kernel.stub() for kernel in found),
    }


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8", newline="\n")
