"""What is installed: the versions, and an error that says how to get what is missing."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import sys
from typing import Any

from ofsted_sif import _core
from ofsted_sif._version import __version__

__all__ = ["show_versions"]

REQUIRED = ("numpy", "pandas", "scipy", "python-calamine", "narwhals", "lazy_loader", "tqdm")
OPTIONAL = ("pyarrow", "polars", "dask", "matplotlib", "jinja2")


def need(module: str, extra: str, what_for: str) -> Any:
    """Import a module of an extra; where it is missing, say what needs it and what to type."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        command = f"python3 -m pip install 'ofsted_sif[{extra}]'"
        raise ImportError(f"{what_for} need {module.partition('.')[0]}: {command} ({error})", name=module) from error


def show_versions() -> None:
    """Print the versions of Python, of ofsted_sif and of the packages it uses, and the instructions its C core runs on.

    Please put this into every report of a fault.

    Examples
    --------
    >>> import ofsted_sif as sif
    >>> sif.show_versions()  # doctest: +ELLIPSIS
    ofsted_sif ...
    C core ...
    Python ...
    """
    lines = [
        ("ofsted_sif", __version__),
        ("C core", f"{_core.cpu} instructions"),
        ("Python", f"{platform.python_version()} ({sys.implementation.name})"),
        ("platform", platform.platform()),
        *((name, _version_of(name)) for name in (*REQUIRED, *OPTIONAL)),
    ]
    width = max(len(name) for name, _ in lines) + 2
    for name, version in lines:
        print(f"{name:<{width}}{version}")


def _version_of(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
