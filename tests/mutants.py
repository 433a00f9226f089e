"""Mutation testing of the modules that count: mutmut's mutants, each tested in a fork of a process that has the libraries loaded.

    python3 -m tests.mutants [module ...]         every mutant; writes tests/records/mutants.toml
    python3 -m tests.mutants --drawn 150          so many of each module, drawn at random: an estimate in a fraction of the hours
    python3 -m tests.mutants --survivors change   those of the last run of a module once more, when tests have been added

mutmut makes the mutants (version 2, which also mutates what is decorated); they never reach a file. A mutant is killed where a test
fails, the module can't be imported, or the tests run far longer than without it. Only tests that run the statement it changes can tell,
so a first run without any mutation finds out which these are, and how long each takes: the quickest come first. One that nobody can
tell from the original stands in tests/equivalent_mutants.toml with the reason, and `lines` where it is that of several lines alike; one
that no longer exists there is an error.
"""

import argparse
import ast
import difflib
import importlib
import importlib.util
import json
import random
import signal
import sys
import threading
import tomllib
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from time import monotonic
from types import CodeType
from typing import NamedTuple

import pytest

from tests.forks import PYTEST, in_a_fork, load_libraries
from tests.records import write_record

ROOT = Path(__file__).parents[1]
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
SURVIVORS = ROOT / "build" / "mutants"

# A module, and the tests that are to kill its mutants.
TESTS = {
    "aggregation": ["test_aggregation.py", "test_frames.py", "test_pandas.py", "test_published_figures.py", "test_rules.py"],
    "snapshots": ["test_snapshots.py", "test_rules.py", "test_published_figures.py", "test_frames.py", "test_in_year.py"],
    "change": ["test_change.py", "test_frames.py", "test_rules.py"],
    "trends": ["test_trends.py", "test_frames.py", "test_rules.py"],
}


class Mutant(NamedTuple):
    """The change as a diff without context, the first line that differs, and the whole source."""

    change: str
    line: int
    source: str

    @property
    def name(self) -> str:
        """What tells it from others that change a like line elsewhere."""
        return f"line {self.line}\n{self.change}"


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield what mutmut makes of a module, each source once."""
    import mutmut

    source, seen = path.read_text(encoding="utf-8"), set()
    for name in mutmut.list_mutations(mutmut.Context(source=source, filename=path.name)):
        mutated, _ = mutmut.mutate(mutmut.Context(source=source, filename=path.name, mutation_id=name))
        if mutated in seen:
            continue
        seen.add(mutated)
        lines = list(difflib.unified_diff(source.splitlines(), mutated.splitlines(), n=0, lineterm=""))[2:]
        first = next(k for k, (one, other) in enumerate(zip(source.splitlines(), mutated.splitlines(), strict=False), 1) if one != other)
        yield Mutant("\n".join(line.rstrip() for line in lines if not line.startswith("@@")), first, mutated)


class Mutated(SourceFileLoader):
    """Loads a module from text that stands in no file."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        super().__init__(name, str(path))
        self.source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, self.path, "exec")

    def find_spec(self, fullname: str, path=None, target=None):
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self) if fullname == self.name else None


class Reached:
    """A plugin of pytest that notes which tests run which lines of a file, and how long each takes."""

    def __init__(self, file: Path) -> None:
        self.file = str(file)
        self.lines: dict[str, set[int]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.test = ""  # while the module is imported

    def trace(self, frame, event, argument):
        if frame.f_code.co_filename != self.file:
            return None
        self.lines[self.test].add(frame.f_lineno)
        return self.trace

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self.test, start = item.nodeid, monotonic()
        result = yield
        self.seconds[item.nodeid] = monotonic() - start
        self.test = ""
        return result


class Chosen:
    """A plugin of pytest that leaves the given tests, in their order."""

    def __init__(self, tests: list[str]) -> None:
        self.order = {test: k for k, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((item for item in items if item.nodeid in self.order), key=lambda item: self.order[item.nodeid])


def reached(module: str, tests: list[str]) -> tuple[dict[str, set[int]], dict[str, float]]:
    """Run the tests without any mutation; the lines of the module that each runs ("" stands for its import), and its seconds."""
    path = ROOT / "ofsted_sif" / f"{module}.py"
    noted = SURVIVORS / f"{module}-reached.json"

    def run() -> int:
        plugin = Reached(path)
        threading.settrace(plugin.trace)
        sys.settrace(plugin.trace)
        importlib.import_module(f"ofsted_sif.{module}")  # now, not in the test that happens to be the first to need it
        code = pytest.main([*PYTEST, *tests], plugins=[plugin])
        sys.settrace(None)
        noted.write_text(json.dumps([{test: sorted(lines) for test, lines in plugin.lines.items()}, plugin.seconds]), "utf-8")
        return code

    if code := in_a_fork(run, 1800):
        raise SystemExit(f"{module}: the tests are red without any mutation ({code})")
    lines, seconds = json.loads(noted.read_text("utf-8"))
    return {test: set(of) for test, of in lines.items()}, seconds


def statement(tree: ast.Module, line: int) -> range | None:
    """Return the lines of the innermost statement that a line is part of, None of a line between; of one with a body, those above that."""
    found = None
    for node in ast.walk(tree):  # outer ones first
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            end = node.body[0].lineno if isinstance(getattr(node, "body", None), list) else (node.end_lineno or node.lineno) + 1
            found = range(node.lineno, max(end, node.lineno + 1))
    return found


def test(module: str, source: str, tests: list[str], seconds: int) -> str:
    """Run tests, by their node ids, with the module as given; say "survived", or what killed it."""

    def run() -> int:
        sys.meta_path.insert(0, Mutated(f"ofsted_sif.{module}", ROOT / "ofsted_sif" / f"{module}.py", source))
        return pytest.main([*PYTEST, *dict.fromkeys(str(ROOT / test.partition("::")[0]) for test in tests)], plugins=[Chosen(tests)])

    code = in_a_fork(run, seconds)
    if code < 0:
        return "stopped, it ran too long" if -code in (signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM) else "killed, by a signal"
    return {0: "survived", 1: "killed", 2: "killed, at its import", 3: "killed, at its import"}[code]


def tested(module: str, last: dict[str, list[str]] | None, drawn: int | None) -> tuple[list[str], list[str], int, int]:
    """Test the mutants of a module, or some: a drawn sample, or those of the last run, of which only the survivors are tested once more.

    Return the names of these mutants, those of the survivors, how many there were to draw from, and how many equivalent ones besides.
    """
    entries = tomllib.loads(EQUIVALENT.read_text("utf-8")).get(module, [])
    named = {entry["change"].strip("\n"): entry.get("lines", 1) for entry in entries}
    path = ROOT / "ofsted_sif" / f"{module}.py"
    lines, seconds = reached(module, [str(ROOT / "tests" / name) for name in TESTS[module]])
    quickest_first = sorted(seconds, key=seconds.__getitem__)
    tree = ast.parse(path.read_text(encoding="utf-8"))

    def telling(line: int) -> list[str]:
        """Return the tests that a change in a line can matter to: all, where it runs as the module is imported."""
        changed = statement(tree, line)
        if changed is None or not lines[""].isdisjoint(changed):
            return quickest_first
        return [test for test in quickest_first if not lines.get(test, set()).isdisjoint(changed)]

    all_mutants = list(mutants(path))
    times = Counter(mutant.change for mutant in all_mutants)
    if wrong := [change for change, n_lines in named.items() if times[change] != n_lines]:
        raise SystemExit(f"{EQUIVALENT.name}: these are not mutants of one line of {module}, or as many as said:\n" + "\n\n".join(wrong))
    different = [mutant for mutant in all_mutants if mutant.change not in named]
    wanted = different
    if last is not None:
        if not {mutant.name for mutant in all_mutants}.issuperset(last["tested"]):
            raise SystemExit(f"{module} is not what it was in the last run: test it anew")
        wanted = [mutant for mutant in different if mutant.name in last["tested"]]
    elif drawn is not None and drawn < len(different):
        wanted = random.Random(module).sample(different, drawn)  # the same ones each time
    survived = []
    for mutant in wanted:
        if last is not None and mutant.name not in last["survived"]:
            continue  # killed by tests that are still there
        tests = telling(mutant.line)
        if not tests or test(module, mutant.source, tests, int(5 * sum(seconds[test] for test in tests)) + 20) == "survived":
            survived.append(mutant.name)
            print(f"{module}: survived, of {len(tests)} tests, {mutant.name}\n", flush=True)
    return [mutant.name for mutant in wanted], survived, len(different), len(all_mutants) - len(different)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module", nargs="*", choices=[[], *TESTS])
    parser.add_argument(
        "--survivors", action="store_true", help="only those that survived last time; the record counts the others as killed"
    )
    parser.add_argument("--drawn", type=int, metavar="N", help="as many of each module, drawn at random; the record says so")
    asked = parser.parse_args()
    load_libraries()
    SURVIVORS.mkdir(parents=True, exist_ok=True)
    figures: dict[str, int | float | str] = {}
    for module in asked.module or TESTS:
        kept = SURVIVORS / f"{module}.json"
        last = json.loads(kept.read_text("utf-8")) if asked.survivors else None
        changes, survived, n_all, n_equivalent = tested(module, last, asked.drawn)
        kept.write_text(json.dumps({"tested": changes, "survived": survived}, indent=1), "utf-8")
        n, killed = len(changes), len(changes) - len(survived)
        print(f"{module}: {killed} of {n} mutants killed ({100 * killed / max(1, n):.1f}%), {n_equivalent} equivalent", flush=True)
        drawn = "" if n == n_all else f", drawn from {n_all:,}"
        figures[module] = f"{killed:,} of {n:,}{drawn} killed ({100 * killed / max(1, n):.1f}%); {n_equivalent} equivalent besides"
    again = " --survivors" if asked.survivors else "" if asked.drawn is None else f" --drawn {asked.drawn}"
    write_record("mutants", "Mutants killed", f"python3 -m tests.mutants{again}", figures, keep=bool(asked.module))


if __name__ == "__main__":
    main()
