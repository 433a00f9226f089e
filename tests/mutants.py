"""Mutation testing of the modules that count: mutmut's mutants, each tested in a fork of a process that has the libraries loaded.

    python3 -m tests.mutants [module ...]         every mutant; writes tests/records/mutants.toml
    python3 -m tests.mutants --drawn 150          so many of each module, drawn at random: an estimate in a fraction of the hours
    python3 -m tests.mutants --survivors change   those of the last run of a module once more, when tests have been added

mutmut makes the mutants (version 2, which also mutates what is decorated); they never reach a file. A mutant is killed where a test
fails, the module can't be imported, or the tests run far longer than without it. One that nobody can tell from the original stands in
tests/equivalent_mutants.toml with the reason; one that no longer exists there is an error.
"""

import argparse
import difflib
import importlib
import importlib.util
import json
import os
import random
import resource
import signal
import sys
import tomllib
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from time import monotonic
from types import CodeType

import pytest

from tests.records import write_record

ROOT = Path(__file__).parents[1]
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
SURVIVORS = ROOT / "build" / "mutants"

# A module, and the tests that are to kill its mutants: the likely first.
TESTS = {
    "aggregation": ["test_aggregation.py", "test_frames.py", "test_pandas.py", "test_published_figures.py", "test_rules.py"],
    "snapshots": ["test_snapshots.py", "test_rules.py", "test_published_figures.py", "test_frames.py", "test_in_year.py"],
    "change": ["test_change.py", "test_frames.py", "test_rules.py"],
    "trends": ["test_trends.py", "test_frames.py", "test_rules.py"],
}


def mutants(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the change as a diff without context, and the whole source, of each mutant."""
    import mutmut

    source, seen = path.read_text(encoding="utf-8"), set()
    for name in mutmut.list_mutations(mutmut.Context(source=source, filename=path.name)):
        mutated, _ = mutmut.mutate(mutmut.Context(source=source, filename=path.name, mutation_id=name))
        if mutated in seen:
            continue
        seen.add(mutated)
        lines = list(difflib.unified_diff(source.splitlines(), mutated.splitlines(), n=0, lineterm=""))[2:]
        yield "\n".join(line.rstrip() for line in lines if not line.startswith("@@")), mutated


class Mutated(SourceFileLoader):
    """Loads a module from text that stands in no file."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        super().__init__(name, str(path))
        self.source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, self.path, "exec")

    def find_spec(self, fullname: str, path=None, target=None):
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self) if fullname == self.name else None


def test(module: str, source: str, tests: list[str], seconds: int) -> str:
    """Run the tests with the module as given; say "survived", or what killed it."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        sys.meta_path.insert(0, Mutated(f"ofsted_sif.{module}", ROOT / "ofsted_sif" / f"{module}.py", source))
        os._exit(pytest.main(["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", *tests]))
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return "stopped, it ran too long" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else "killed, by a signal"
    said = {0: "survived", 1: "killed", 2: "killed, at its import", 3: "killed, at its import"}
    return said[os.WEXITSTATUS(status)]


def tested(module: str, last: dict[str, list[str]] | None, drawn: int | None) -> tuple[list[str], list[str], int, int]:
    """Test the mutants of a module, or some: a drawn sample, or those of the last run, of which only the survivors are tested once more.

    Return the changes of these mutants, those of the survivors, how many there were to draw from, and how many equivalent ones besides.
    """
    named = {entry["change"].strip("\n"): entry["why"] for entry in tomllib.loads(EQUIVALENT.read_text("utf-8")).get(module, [])}
    path = ROOT / "ofsted_sif" / f"{module}.py"
    tests = [str(ROOT / "tests" / name) for name in TESTS[module]]
    start = monotonic()
    if (said := test(module, path.read_text(encoding="utf-8"), tests, 600)) != "survived":
        raise SystemExit(f"{module}: the tests are red without any mutation ({said})")
    seconds = int(5 * (monotonic() - start)) + 20
    all_mutants = list(mutants(path))
    if missing := named.keys() - {change for change, _ in all_mutants}:
        raise SystemExit(f"{EQUIVALENT.name}: these are no mutants of {module}:\n" + "\n\n".join(sorted(missing)))
    different = [mutant for mutant in all_mutants if mutant[0] not in named]
    wanted = different
    if last is not None:
        wanted = [mutant for mutant in different if mutant[0] in last["tested"]]
    elif drawn is not None and drawn < len(different):
        wanted = random.Random(module).sample(different, drawn)  # the same ones each time
    survived = []
    for change, source in wanted:
        if last is not None and change not in last["survived"]:
            continue  # killed by tests that are still there
        if test(module, source, tests, seconds) == "survived":
            survived.append(change)
            print(f"{module}: survived\n{change}\n", flush=True)
    return [change for change, _ in wanted], survived, len(different), len(all_mutants) - len(different)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module", nargs="*", choices=[[], *TESTS])
    parser.add_argument(
        "--survivors", action="store_true", help="only those that survived last time; the record counts the others as killed"
    )
    parser.add_argument("--drawn", type=int, metavar="N", help="as many of each module, drawn at random; the record says so")
    asked = parser.parse_args()
    # Loaded once, here, rather than for each mutant: what the tests import, but nothing of ofsted_sif.
    for library in ("hypothesis", "pandas", "scipy.stats", "statsmodels.stats.proportion"):
        importlib.import_module(library)
    assert not any(name.startswith("ofsted_sif") for name in sys.modules), "a fork would find the module loaded"
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
