"""Let every allocation of the core fail, and write down how many did: `python3 -m tests.faults`.

Builds a copy whose allocations fail on request, runs tests/test_faults.py there, and writes tests/records/faults.toml.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.coverage_of_c import build_in, copied
from tests.figures import WANTED
from tests.records import write_record


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        where = copied(Path(folder).resolve() / "project")
        build_in(where, OFSTED_SIF_FAULTS="1")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_faults.py"]
        done = subprocess.run(command, cwd=where, env={**os.environ, "PYTHONPATH": str(where)}, capture_output=True, text=True)
    print(done.stdout, done.stderr, sep="")
    told = re.search(r"([\d,]+) faults injected into (\d+) functions", done.stdout)
    if done.returncode or told is None:
        raise SystemExit("tests/test_faults.py is red, or told nothing")
    write_record(
        "faults", *WANTED["faults"], {"functions": int(told[2]), "allocations that failed, one at a time": int(told[1].replace(",", ""))}
    )


if __name__ == "__main__":
    main()
