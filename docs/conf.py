"""How Sphinx builds the documentation: `nox -s docs`, or `sphinx-build -W docs build/docs`. Nothing is fetched."""

import shutil
from pathlib import Path

import ofsted_sif

HERE = Path(__file__).parent

project = "ofsted_sif"
author = "The ofsted_sif developers"
copyright = "The ofsted_sif developers. Contains public sector information licensed under the Open Government Licence v3.0"
version = release = ofsted_sif.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
]

# Pages: MyST Markdown. Code cells run when the documentation is built; an error in one stops the build.
myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3
nb_execution_mode = "force"  # pages of the guide are run
nb_execution_excludepatterns = ["notebooks/*"]  # these come with their outputs, which the tests compare
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

# Reference: each public name from its docstring.
autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say what a parameter takes
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "pydata_sphinx_theme"
html_title = "ofsted_sif"
html_static_path = ["_static"]
html_css_files = ["own.css"]
html_js_files = ["own.js"]
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def pages_kept_elsewhere(_: object) -> None:
    """Put the notebooks and the measured figures, which live beside the code, where Sphinx looks for pages."""
    for source, pattern in (("notebooks", "*.ipynb"), ("tests/benchmarks", "*.md")):
        place = HERE / Path(source).name
        place.mkdir(exist_ok=True)
        for page in (HERE.parent / source).glob(pattern):
            shutil.copy(page, place)


def tables_for_everybody(_: object, __: str, ___: str, context: dict[str, object], ____: object) -> None:
    """Let wide tables of pandas be scrolled with the keyboard, and make no heading of an empty cell."""
    body = str(context.get("body", ""))
    body = body.replace("<th></th>", "<td></td>")
    context["body"] = body.replace('class="dataframe"', 'class="dataframe" tabindex="0"')


def setup(app: object) -> None:
    """Called by Sphinx."""
    app.connect("html-page-context", tables_for_everybody)  # type: ignore[attr-defined]
    app.connect("builder-inited", pages_kept_elsewhere)  # type: ignore[attr-defined]
