"""The pages of the guide that compute something: their cells run from top to bottom, and what the text says is asserted in them."""

import re
import warnings
from pathlib import Path

import pytest

GUIDE = Path(__file__).parent.parent / "docs" / "guide"


@pytest.mark.skipif(not GUIDE.exists(), reason="the documentation is not here")
@pytest.mark.parametrize("page", ["trend_or_chance", "models"])
def test_what_the_page_says_is_so(page: str) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    cells = re.findall(
        r"^```\{code-cell\}\n(?:(?::[^\n]*\n)+\n|---\n.*?\n---\n)?(.*?)^```$", (GUIDE / f"{page}.md").read_text("utf-8"), flags=re.M | re.S
    )
    assert sum("assert " in cell for cell in cells) >= 2
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number, cell in enumerate(cells):
            exec(compile(cell, f"{page}, cell {number}", "exec"), names)
    matplotlib.pyplot.close("all")
