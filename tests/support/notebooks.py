"""The worked examples with their outputs: run, compared with what is stored, and stored anew by `python -m tests.support.notebooks`."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent.parent / "notebooks"
A_CELL_THAT_HANGS = 300  # seconds: ends what would never end, and is no measure of speed
AS_AT_FIRST = "%reset -f\nimport pandas\npandas.reset_option('^display')\ndel pandas"
VARIES = "varies"  # the tag of a cell whose output differs from run to run: times, memory


@contextmanager
def kernel() -> Iterator[Any]:
    """A kernel for one notebook after another: to start one and to load the libraries takes as long as most of them."""
    import nbclient
    import nbformat

    there = {"metadata": {"path": str(FOLDER)}}
    client = nbclient.NotebookClient(nbformat.v4.new_notebook(), timeout=A_CELL_THAT_HANGS, resources=there, coalesce_streams=True)
    with client.setup_kernel():
        yield client


def run(path: Path, client: Any) -> Any:
    """The notebook with the outputs of today; afterwards the kernel has none of its names, and shows tables as at first."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    for client.nb in (notebook, nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(AS_AT_FIRST)])):
        client.reset_execution_trackers()
        for place, cell in enumerate(client.nb.cells):
            client.execute_cell(cell, place)
    return notebook


def said(cell: Any) -> list[str]:
    """What a cell shows, as text; of a picture that it is one."""
    shown = []
    for output in cell["outputs"]:
        if "data" not in output:
            shown.append("".join(output.get("text", output.get("traceback", ""))))
        elif any(kind.startswith("image/") for kind in output["data"]):
            shown.append("a picture")
        else:
            shown.append("".join(output["data"]["text/plain"]))
    return [re.sub(r" at 0x[0-9a-f]+", "", text) for text in shown]


def store(path: Path) -> None:
    """Run a notebook and keep its outputs, with nothing of this machine or day in them."""
    with kernel() as client:
        notebook = run(path, client)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.pop("metadata", None) if output.get("output_type") == "stream" else None
    notebook.metadata.language_info = {"name": "python"}
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    for chosen in [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb")):
        store(chosen)
