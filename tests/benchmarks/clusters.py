"""What a cluster costs as the number of partitions grows: ``python -m tests.benchmarks.clusters [ROWS]``.

Two worker processes of one thread hold the rows. Told are the tasks of the graph, and every message that any of the processes (client and
scheduler are one) sends, with its bytes, as the connections of Dask count them: partial results, the shuffle, and Dask's own talk.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import dask.dataframe as dd
import distributed
import numpy as np
import pandas as pd

import ofsted_sif as sif
from tests.benchmarks.timing import describe_machine, seconds

GROUPS = 153
DATES = pd.date_range("2006-01-31", periods=120, freq="ME")
SIZES = (2, 4, 8, 16, 32, 64, 128, 256)


def made(rows: int) -> pd.DataFrame:
    """Inspections of a tenth as many providers in no order, a twentieth without a grade."""
    rng = np.random.default_rng(1)
    provider = rng.integers(0, max(1, rows // 10), rows)
    authorities = [f"authority {number:03}" for number in range(GROUPS)]
    day = np.datetime64("2005-01-01") + rng.integers(0, 4000, rows).astype("timedelta64[D]")
    grade = np.where(rng.random(rows) < 0.05, -1, rng.integers(0, 4, rows))
    return pd.DataFrame(
        {
            "provider": provider,
            "local_authority": pd.Categorical.from_codes(provider % GROUPS, authorities),
            "inspection_start": day,
            "published": day + np.timedelta64(40, "D"),
            "overall_effectiveness": pd.Categorical.from_codes(grade, dtype=sif.FOUR_POINT.dtype),
        }
    )


def start_counting() -> None:
    """Have every connection of this process count the messages that it writes, and their bytes."""
    from distributed.comm import tcp

    write, counted = tcp.TCP.write, [0, 0]

    async def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        sent = await write(self, *args, **kwargs)
        counted[0] += 1
        counted[1] += sent
        return sent

    tcp.TCP.write = counting
    tcp.sent = counted


def sent() -> tuple[int, int]:
    """Messages and bytes written by this process so far."""
    from distributed.comm import tcp

    return tuple(tcp.sent)


def sent_by_all(client: distributed.Client) -> np.ndarray:
    """Messages and bytes written by client, scheduler and workers."""
    return np.array([sent(), *client.run(sent).values()]).sum(axis=0)


class Finished(distributed.diagnostics.plugin.SchedulerPlugin):
    """Counts the tasks that workers have finished."""

    tasks = 0

    def transition(self, key: Any, start: str, finish: str, *args: Any, **kwargs: Any) -> None:
        """Note one more."""
        self.tasks += start == "processing" and finish == "memory"


def measure(client: distributed.Client, finished: Finished, rows: pd.DataFrame, name: str, options: dict[str, Any], runs: int) -> None:
    """Print one row per number of partitions."""
    in_memory: Callable[[], Any] = lambda: getattr(sif, name)(rows, **options)  # noqa: E731
    expected = in_memory()
    alone = statistics.median(seconds(in_memory) for _ in range(runs))
    print(f"\n### `{name}` of {len(rows):,} rows on two workers, median of {runs}; in memory {alone * 1e3:,.3g} ms\n")
    print("| partitions | milliseconds | tasks | messages | of a task | MB sent | bytes of a row |\n|" + " ---: |" * 7)
    for partitions in SIZES:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")  # the rows themselves, which are sent before the clock runs
            frame = dd.from_pandas(rows, npartitions=partitions, sort=False).persist()
        distributed.wait(frame)
        found = []
        for _ in range(runs):
            time.sleep(0.2)  # what is still being said of the run before is not of this one
            before, tasks, start = sent_by_all(client), finished.tasks, time.perf_counter()
            result = getattr(sif, name)(frame, **options)
            took = time.perf_counter() - start
            found.append([took, finished.tasks - tasks, *(sent_by_all(client) - before)])
            pd.testing.assert_frame_equal(result, expected, check_exact=True)
        took, tasks, messages, size = np.median(found, axis=0)
        told = f"{took * 1e3:,.0f} | {tasks:,.0f} | {messages:,.0f} | {messages / tasks:.1f} | {size / 1e6:,.2f} | {size / len(rows):.3g}"
        print(f"| {partitions} | {told} |", flush=True)


def main(rows: int = 1_000_000, runs: int = 5) -> None:
    """Print the tables."""
    print(describe_machine("dask", "distributed", "pandas", "pyarrow"))
    table = made(rows)
    start_counting()
    with (
        distributed.LocalCluster(
            n_workers=2, processes=True, threads_per_worker=1, dashboard_address=":0", silence_logs=50, memory_limit=0
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.run(start_counting)
        finished = Finished()
        cluster.scheduler.add_plugin(finished)
        measure(client, finished, table, "aggregate", {"by": "local_authority"}, runs)
        measure(client, finished, table, "series", {"dates": DATES, "by": "local_authority", "published_by": None}, runs)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
