"""What stood in a file stays there until all that is to replace it is on the disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from ofsted_sif.whole_file import whole_file

# A limit on the size of files is met as a full disk is: in the middle of writing.
FULL = """
import resource, sys
import ofsted_sif as sif
from ofsted_sif.report import write_report
{before}
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    {call}
except OSError as error:
    print(type(error).__name__)
"""
CALLS = {
    "a report": ("", "write_report(sif.load_inspections(), sys.argv[1])"),
    "an ordered copy": (
        """
import numpy as np, pandas as pd
rng = np.random.default_rng(1)
table = pd.DataFrame({"provider": rng.integers(0, 2**60, 100_000), "overall_effectiveness": "Good"})
table.to_parquet(sys.argv[1] + ".source")
""",
        "sif.scan(sys.argv[1] + '.source').ordered(sys.argv[1], overwrite=True)",
    ),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is set otherwise there")
@pytest.mark.parametrize("what", CALLS)
def test_a_full_disk_leaves_the_old_file_whole(what, tmp_path):
    path = tmp_path / "target"
    path.write_text("the old one", encoding="utf-8")
    before, call = CALLS[what]
    script = FULL.format(before=before, call=call)
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("OSError\n", "")
    assert path.read_text("utf-8") == "the old one"
    assert {file.name for file in tmp_path.iterdir()} <= {"target", "target.source"}


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_nothing_half_written_is_left(error, tmp_path):
    def write(path: Path) -> None:
        with whole_file(path) as part:
            part.write_text("half", encoding="utf-8")
            raise error

    for path in (tmp_path / "new", tmp_path / "old"):
        if path.name == "old":
            path.write_text("whole", encoding="utf-8")
        with pytest.raises(error):
            write(path)
    assert {file.name: file.read_text("utf-8") for file in tmp_path.iterdir()} == {"old": "whole"}


def test_what_is_written_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "page"
    for text in ("first", "second"):
        with whole_file(path) as part:
            part.write_text(text, encoding="utf-8")
        assert path.read_text("utf-8") == text
    assert [file.name for file in tmp_path.iterdir()] == ["page"]
