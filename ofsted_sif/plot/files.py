"""The words of a picture in the files that are written of it, and in the output of notebooks."""

from __future__ import annotations

import io
import os
import re
import zlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def tell(figure: Any, ax: Axes, describe: Callable[[Axes], str]) -> None:
    """From now on the figure's files carry the words of these axes, after those of axes that were drawn before."""
    figure = figure.get_figure(root=True) if hasattr(figure, "get_figure") and figure.get_figure() is not None else figure
    told = getattr(figure, "_ofsted_sif_told", None)
    if told is None:
        told = figure._ofsted_sif_told = []
        figure._repr_mimebundle_ = partial(_bundle, figure, describe)
        figure.savefig = partial(_savefig, figure, figure.savefig, describe)
    if ax not in told:
        told.append(ax)


def words(figure: Any, describe: Callable[[Axes], str]) -> tuple[str, str]:
    """The title and the words of the pictures that the figure still has."""
    told = [ax for ax in figure._ofsted_sif_told if ax in figure.axes]
    titles = [ax._ofsted_sif_heading[0] for ax in told]
    return "; ".join(titles), " ".join(describe(ax) for ax in told)


def _bundle(figure: Any, describe: Callable[[Axes], str], **_asked: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """What a notebook stores beside the picture: its words as text, and as the alternative text of the image."""
    _, text = words(figure, describe)
    return {"text/plain": text}, {kind: {"alt": text} for kind in ("image/png", "image/svg+xml")}


def _savefig(figure: Any, save: Callable[..., Any], describe: Callable[[Axes], str], fname: Any, *args: Any, **options: Any) -> None:
    """Write the figure with its words; what the user gives as metadata comes first."""
    title, text = words(figure, describe)
    kind = _format(figure, fname, options)
    told = {"svg": {"Title": title}, "png": {"Title": title, "Description": text}, "pdf": {"Title": title, "Subject": text}}
    metadata: dict[str, Any] = {**told.get(kind, {}), **(options.pop("metadata", None) or {})}
    if metadata:
        options["metadata"] = metadata
    if kind != "svg":
        save(fname, *args, **options)
        return
    drawn = io.BytesIO()
    save(drawn, *args, **{**options, "format": "svg"})
    svg = _with_words(drawn.getvalue().decode("utf-8"), metadata.get("Title") or title, text)
    if isinstance(fname, str | os.PathLike):
        with open(fname, "w", encoding="utf-8", newline="\n") as file:
            file.write(svg)
    else:
        try:
            fname.write(svg.encode("utf-8"))
        except TypeError:  # a file of text
            fname.write(svg)


def _format(figure: Any, fname: Any, options: dict[str, Any]) -> str:
    """The format that matplotlib will write."""
    if options.get("format"):
        return str(options["format"]).lower()
    ending = os.path.splitext(os.fspath(fname))[1] if isinstance(fname, str | os.PathLike) else ""
    return ending[1:].lower() if ending else str(figure.canvas.get_default_filetype())


def _with_words(svg: str, title: str, text: str) -> str:
    """The SVG with its title and description as the first elements, and marked as one image that they name."""
    svg = re.sub(r"\s*<title>.*?</title>", "", svg, count=1, flags=re.DOTALL)
    start = re.search(r"<svg\b[^>]*>", svg)
    assert start is not None
    mark = f"picture-{zlib.crc32(text.encode()):x}"  # so that two pictures can stand in one page
    opened = start.group().replace("<svg", f'<svg role="img" aria-labelledby="{mark}-title {mark}-desc"', 1)
    told = f'\n <title id="{mark}-title">{escape(title)}</title>\n <desc id="{mark}-desc">{escape(text)}</desc>'
    return svg[: start.start()] + opened + told + svg[start.end() :]
