"""What the README shows is what comes out today."""

import contextlib
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
    assert "43            0    10                    26           7" in SHOWN[0][1]


@pytest.mark.parametrize("line", re.findall(r"^ofsted-sif .*$", TEXT, flags=re.MULTILINE))
def test_commands_of_the_readme_run(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    import shlex

    from ofsted_sif.cli import main

    assert main(shlex.split(line)[1:]) == 0
    assert capsys.readouterr().out


def test_links_inside_the_repository_resolve() -> None:
    for page in README.parent.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
