"""Nothing opens a connection but what asks GOV.UK when it is called: not the import, not a function, picture, page or command."""

import inspect
import io
import socket
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif import cli
from tests.support import kinds
from tests.test_kinds_of_table import DAY, LATER, TABLES

pytestmark = pytest.mark.filterwarnings("ignore::ofsted_sif.errors.SelectedPairsWarning")

ASK = {"fetch", "fetch_history", "list_published"}  # what they ask: tests/test_sources.py
REGISTER = "URN,EstablishmentName,OpenDate,CloseDate\n100001,Old,,31-08-2015\n"


class NoSocket(socket.socket):
    """A socket that can't be made."""

    def __init__(self, *_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("a host was looked up")


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(socket, "socket", NoSocket)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def folder(tmp_path):
    """A folder with a table in the standard columns, one of Ofsted's layouts, and a workbook of Excel 97 in it."""
    from tests.test_security import small_xls

    (tmp_path / "files").mkdir()
    kinds.plain_table(kinds.inspections(np.random.default_rng(1), 30, 0)).to_parquet(tmp_path / "table.parquet")
    (tmp_path / "files" / "a_31_Mar_2022.xls").write_bytes(small_xls())
    return tmp_path


OTHERS = {
    "grades": lambda _: sif.grades(["Good"]),
    "history_of": lambda folder: sif.history_of(folder / "files"),
    "list_sheets": lambda folder: sif.list_sheets(folder / "files" / "a_31_Mar_2022.xls"),
    "load_hex_map": lambda _: sif.load_hex_map(),
    "load_inspections": lambda _: sif.load_inspections(),
    "load_local_authorities": lambda _: sif.load_local_authorities(),
    "percent": lambda _: sif.percent(1, 2),
    "proportion_interval": lambda _: sif.proportion_interval(1, 2, method="jeffreys"),
    "read_inspections": lambda folder: sif.read_inspections(folder / "files" / "a_31_Mar_2022.xls"),
    "read_register": lambda _: sif.read_register(io.BytesIO(REGISTER.encode())),
    "reading_report": lambda folder: sif.reading_report(folder / "files" / "a_31_Mar_2022.xls"),
    "release": lambda _: sif.release("la-2024-03-31"),
    "releases": lambda _: sif.releases(),
    "scan": lambda folder: sif.scan(folder / "table.parquet").aggregate("region"),
    "show_versions": lambda _: sif.show_versions(),
    "to_excel": lambda folder: sif.to_excel({"all": sif.aggregate(sif.load_inspections())}, folder / "book.xlsx"),
}


def state() -> pd.DataFrame:
    return sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))


PICTURES = {
    "changes": lambda _: sif.plot.changes(sif.changes(sif.load_inspections(), framework="ILACS")),
    "decomposition": lambda _: sif.plot.decomposition(sif.decompose(sif.load_inspections(), DAY, LATER, framework="all")),
    "describe": lambda _: sif.plot.describe(sif.plot.shares(sif.aggregate(state()))),
    "forest": lambda _: sif.plot.forest(
        pd.DataFrame({"region": ["A", "B"], "method": "theil-sen", "n": 9, "slope_per_year": 0.1, "lower": 0.0, "upper": 0.2})
    ),
    "funnel": lambda _: sif.plot.funnel(sif.aggregate(state(), "region")),
    "hex_map": lambda _: sif.plot.hex_map(state()),
    "history": lambda _: sif.plot.history(sif.load_inspections().query("provider_name == 'Devon'")),
    "series": lambda _: sif.plot.series(sif.series(sif.load_inspections(), [DAY, LATER], framework="all")),
    "shares": lambda _: sif.plot.shares(sif.aggregate(state(), "region")),
    "states": lambda _: sif.plot.states(sif.state_probabilities(sif.load_inspections(), start="Inadequate", framework="all")),
    "survival": lambda _: sif.plot.survival(sif.time_to(sif.load_inspections(), framework="all")),
}


def test_every_public_function_is_tried_here():
    functions = {name for name in sif.__all__ if inspect.isfunction(getattr(sif, name))}
    assert functions == TABLES.keys() | OTHERS.keys() | ASK
    assert set(sif.plot.__all__) == set(PICTURES)


@pytest.mark.parametrize("name", TABLES)
def test_no_function_of_a_table_opens_a_connection(name, offline):
    TABLES[name](kinds.plain_table(kinds.inspections(np.random.default_rng([30, 23]), 30, 0.2)))


@pytest.mark.parametrize("name", OTHERS)
def test_no_other_function_opens_a_connection(name, folder, offline):
    OTHERS[name](folder)


@pytest.mark.parametrize("name", PICTURES)
def test_no_picture_opens_a_connection(name, offline):
    plt.close("all")
    PICTURES[name](None)
    plt.gcf().canvas.draw()
    plt.close("all")


@pytest.mark.parametrize(
    "command", ["headline", "aggregate", "series", "explain Hull", "releases", "report -o {}/page.html", "read {}/files/a_31_Mar_2022.xls"]
)
def test_no_command_opens_a_connection_but_those_that_say_so(command, folder, offline, capsys):
    assert cli.main(command.format(folder).split()) == 0


@pytest.mark.parametrize("name", sorted(ASK))
def test_what_asks_for_a_page_opens_one(name, offline, tmp_path):
    """So that the tests above could fail."""
    with pytest.raises(AssertionError, match="a host was looked up"):
        getattr(sif, name)("early years", folder=tmp_path)


def test_no_module_opens_a_connection_when_it_is_imported():
    program = """
import importlib, pkgutil, sys
def hook(event, arguments):
    if event in ("socket.__new__", "socket.connect", "socket.getaddrinfo", "urllib.Request"):
        raise AssertionError(event)
sys.addaudithook(hook)
import ofsted_sif
names = [one.name for one in pkgutil.walk_packages(ofsted_sif.__path__, "ofsted_sif.")]
for name in names:
    if not name.endswith(("__main__", "xls_process")):  # programs
        importlib.import_module(name)
print(len(names))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 50
