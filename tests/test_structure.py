"""The house: no circle of imports, few floors, and rooms of a size that can be read."""

import ast
from pathlib import Path

import pytest

import ofsted_sif

PACKAGE = Path(ofsted_sif.__file__).parent
FLOORS = 7


def imports() -> dict[str, set[str]]:
    """Each module of the package with those that it imports, inside functions too."""
    grimp = pytest.importorskip("grimp")
    graph = grimp.build_graph("ofsted_sif", exclude_type_checking_imports=True, cache_dir=None)

    def taken(module: str, other: str) -> bool:
        """Whether it is the module that is imported, and not the compiled core, which is no file of Python."""
        return any("_core" not in found["line_contents"] for found in graph.get_import_details(importer=module, imported=other))

    return {
        module: {other for other in graph.find_modules_directly_imported_by(module) if taken(module, other)} for module in graph.modules
    }


def room(module: str) -> str:
    """The room that a module belongs to: a folder is one room, a file beside them too."""
    return ".".join(module.split(".")[:2])


def floors(below: dict[str, set[str]]) -> dict[str, int]:
    """The floor of each room: one above the highest that it imports; a circle has none and is an error."""
    found: dict[str, int] = {}

    def floor(name: str, above: tuple[str, ...] = ()) -> int:
        assert name not in above, f"a circle of imports: {' -> '.join([*above[above.index(name) :], name])}"
        if name not in found:
            found[name] = 1 + max((floor(other, (*above, name)) for other in sorted(below[name])), default=0)
        return found[name]

    for name in below:
        floor(name)
    return found


def test_no_module_imports_itself_through_others() -> None:
    floors(imports())


def test_the_rooms_stand_on_few_floors() -> None:
    below: dict[str, set[str]] = {}
    for module, others in imports().items():
        if module != "ofsted_sif":  # the face above them all
            below.setdefault(room(module), set()).update({room(other) for other in others} - {room(module), "ofsted_sif"})
    found = floors(below)
    assert max(found.values()) <= FLOORS, sorted(found.items(), key=lambda item: -item[1])


def test_no_private_name_of_another_module_is_used() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ofsted_sif"):
                taken = [alias.name for alias in node.names if alias.name.startswith("_") and alias.name not in ("_core", "__version__")]
                assert not taken, f"{path.relative_to(PACKAGE)} takes {taken} from {node.module}"


def lines_of_code(node: ast.AST, source: list[str]) -> int:
    """Lines that are neither blank, comments, nor docstrings."""
    documented = {
        line
        for inner in ast.walk(node)
        if isinstance(inner, ast.Module | ast.ClassDef | ast.FunctionDef)
        and inner.body
        and isinstance(first := inner.body[0], ast.Expr)
        and isinstance(first.value, ast.Constant)
        for line in range(first.lineno, (first.end_lineno or first.lineno) + 1)
    }
    begin, end = getattr(node, "lineno", 1), getattr(node, "end_lineno", len(source))
    return sum(
        1 for line in range(begin, end + 1) if line not in documented and (text := source[line - 1].strip()) and not text.startswith("#")
    )


#: Rooms that are still too large to be read at once; each that is mended leaves this list, and none may join it.
TOO_LARGE: set[str] = set()
ROOMS = [
    pytest.param(path, marks=[pytest.mark.xfail(strict=True)] if path.relative_to(PACKAGE).as_posix() in TOO_LARGE else [])
    for path in sorted(PACKAGE.rglob("*.py"))
]


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_functions_and_modules_can_be_read_at_once(path: Path) -> None:
    source = path.read_text("utf-8").splitlines()
    tree = ast.parse("\n".join(source))
    assert lines_of_code(tree, source) <= 500, path.name
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = ast.Module(node.body, [])
            body.lineno, body.end_lineno = node.body[0].lineno, node.end_lineno  # type: ignore[attr-defined]
            where = f"{path.name}, {node.name}"
            assert lines_of_code(body, source) <= 60 + lines_of_doc(node), where
            n_parameters = len(node.args.posonlyargs) + len(node.args.args) + len(node.args.kwonlyargs)
            is_allowed = n_parameters <= 8 or (not node.name.startswith("_") and is_public(path, node.name))
            assert is_allowed, f"{where}: {n_parameters} parameters"


def lines_of_doc(node: ast.FunctionDef) -> int:
    """Lines of the docstring, which a function's body begins with."""
    first = node.body[0]
    is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return (first.end_lineno or first.lineno) - first.lineno + 1 if is_doc else 0


def is_public(path: Path, name: str) -> bool:
    """Whether a function is one of those that users call."""
    return (
        name in ofsted_sif.__all__ or name in ofsted_sif.plot.__all__ or name in ofsted_sif.counts.__all__ or path.parent.name == "report"
    )
