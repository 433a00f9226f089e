"""What the README shows is what comes out today."""

import contextlib
import importlib.util
import io
import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8") if README.exists() else ""
SHOWN = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.mark.parametrize(("code", "output"), SHOWN, ids=range(len(SHOWN)))
def test_code_prints_what_stands_under_it(code: str, output: str) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, str(README), "exec"), {})
    assert said.getvalue() == output


def test_the_march_2015_example_is_there() -> None:
    assert "43            0    10                    26           7" in SHOWN[1][1]


@pytest.mark.parametrize("line", re.findall(r"^ofsted-sif .*$", TEXT, flags=re.MULTILINE))
def test_commands_of_the_readme_run(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    import shlex

    from ofsted_sif.cli import main

    assert main(shlex.split(line)[1:]) == 0
    assert capsys.readouterr().out


def test_picture_is_of_the_bundled_table(tmp_path: Path) -> None:
    """Of what is drawn below the headings, less than a third of a hexagon may differ: letters differ with the version of FreeType."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    spec = importlib.util.spec_from_file_location("readme_picture", README.parent / "notebooks" / "readme_picture.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.draw(tmp_path / "now.png")
    stored, now = (matplotlib.pyplot.imread(path)[..., :3] for path in (script.PICTURE, tmp_path / "now.png"))
    assert stored.shape == now.shape
    headings = stored.shape[0] * 16 // 100
    differs = (abs(stored - now) > 0.2).any(axis=2)[headings:]
    assert differs.sum() < 300, f"{differs.sum()} pixels differ; if the table changed, run python notebooks/readme_picture.py and look"


def test_picture_has_words_for_those_who_do_not_see_it() -> None:
    found = re.search(r'<img src="([^"]+)"[^>]* alt="([^"]+)">', TEXT)
    assert found is not None
    assert (README.parent / found[1]).exists()
    assert len(found[2]) > 50
