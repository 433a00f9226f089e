"""Runs the fuzz targets of the core: see the Makefile.

A corpus is a text file a kernel, an input a line in hexadecimal, so that it can be read, compared and replayed without libFuzzer.
"""

import argparse
import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
MOST_BYTES = 512  # of an input
# Little is kept back of what was freed: memory stays in the cache.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=4:malloc_context_size=8"}


def unpack(kernel: str, folder: Path) -> Path:
    """Write a file for each input of a kernel's corpus."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = HERE / "corpus" / f"{kernel}.txt"
    for line in corpus.read_text().split() if corpus.exists() else []:
        (folder / hashlib.sha1(bytes.fromhex(line)).hexdigest()).write_bytes(bytes.fromhex(line))
    return folder


def merge(program: Path, kernel: str, folder: Path) -> None:
    """Keep, of the inputs found, the smallest set that reaches as much, as the kernel's corpus."""
    with tempfile.TemporaryDirectory() as kept:
        command = [program, "-merge=1", f"-max_len={MOST_BYTES}", kept, folder]
        subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
        inputs = sorted((path.read_bytes() for path in Path(kept).iterdir()), key=lambda content: (len(content), content))
    corpus = HERE / "corpus" / f"{kernel}.txt"
    corpus.parent.mkdir(exist_ok=True)
    corpus.write_text("".join(f"{content.hex()}\n" for content in inputs if content))


def fuzz(program: Path, kernel: str, folder: Path, done) -> dict | None:
    """Run a target until `done` says so of its numbers, and return them; None where an input failed, which is shown."""
    command = [program, f"-max_len={MOST_BYTES}", "-timeout=60", "-entropic_scale_per_exec_time=1", "-print_final_stats=1"]
    command += [f"-artifact_prefix={folder.parent}/{kernel}-", folder]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace", env=ENVIRONMENT)
    started = time.monotonic()
    now = {"executions": 0, "edges": 0}
    new_edge = {"at": started, "executions": 0}
    said: list[str] = []

    def listen() -> None:
        for line in process.stderr:
            said.append(line)
            progress = re.match(r"#(\d+)\s.*\bcov: (\d+)", line)
            final = re.match(r"stat::number_of_executed_units:\s*(\d+)", line)
            if progress:
                now["executions"] = int(progress[1])
                if int(progress[2]) > now["edges"]:
                    now["edges"] = int(progress[2])
                    new_edge.update(at=time.monotonic(), executions=now["executions"])
            elif final:
                now["executions"] = int(final[1])

    listener = threading.Thread(target=listen)
    listener.start()
    stopped_by_us = False
    while process.poll() is None:
        time.sleep(0.5)
        if not stopped_by_us and done(now["executions"], time.monotonic() - started, time.monotonic() - new_edge["at"]):
            stopped_by_us = True
            process.send_signal(signal.SIGINT)
    ended = time.monotonic()
    listener.join()
    if not stopped_by_us or not any("run interrupted" in line for line in said):
        print(f"{kernel}: FAILED\n{''.join(said[-60:])}", flush=True)
        for found in folder.parent.glob(f"{kernel}-*"):
            print(f"{kernel}: the input, a line for fuzz/corpus/{kernel}.txt:\n{found.read_bytes().hex()}", flush=True)
        return None
    numbers = {
        "executions": now["executions"],
        "seconds": round(ended - started),
        "edges": now["edges"],
        "seconds_since_new_edge": round(ended - new_edge["at"]),
        "executions_since_new_edge": now["executions"] - new_edge["executions"],
    }
    print(f"{kernel}: " + ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in numbers.items()), flush=True)
    return numbers


def main() -> int:
    """Run the targets named; 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path, help="where the programs fuzz_KERNEL are")
    parser.add_argument("kernels", nargs="+")
    parser.add_argument("--seconds", type=float, help="how long to run each")
    parser.add_argument("--executions", type=int, default=0, help="run each for so many at least")
    parser.add_argument("--quiet", type=float, default=0, help="and until no new edge was reached for so many seconds")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at a time")
    parser.add_argument("--keep", action="store_true", help="keep the inputs that were found worth replaying")
    options = parser.parse_args()

    def done(executions: int, seconds: float, quiet: float) -> bool:
        if options.seconds is not None:
            return seconds >= options.seconds
        return executions >= options.executions and quiet >= options.quiet

    def run(kernel: str) -> bool:
        program = options.build / f"fuzz_{kernel}"
        folder = unpack(kernel, options.build / "corpus" / kernel)
        numbers = fuzz(program, kernel, folder, done)
        if numbers is not None and options.keep:
            merge(program, kernel, folder)
        return numbers is not None

    with ThreadPoolExecutor(options.jobs) as pool:
        return 0 if all(list(pool.map(run, options.kernels))) else 1


if __name__ == "__main__":
    sys.exit(main())
