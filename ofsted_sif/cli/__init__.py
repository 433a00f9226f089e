"""The command line: ``ofsted-sif`` and ``python -m ofsted_sif``."""

from __future__ import annotations

import argparse
import linecache
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path

from ofsted_sif import errors
from ofsted_sif._version import __version__
from ofsted_sif.cli.asked import check_file
from ofsted_sif.cli.options import parser
from ofsted_sif.cli.printing import check_output, deliver
from ofsted_sif.cli.wording import for_the_command_line

__all__ = ["main"]

_PACKAGE = Path(__file__).parent.parent
_OURS = tuple(one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Warning))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 0, 2 for what the user got wrong, 1 for an error inside the program."""
    options = _understood(arguments)
    try:
        check_file(options)
        check_output(options)
        with warnings.catch_warnings(record=True) as caught:
            for category in _OURS:
                warnings.simplefilter("always", category)
            text = deliver(options.run(options), options)
        _pass_on(caught)
        print(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        sys.stderr.close()
        return 0
    except Exception as error:
        if is_of_the_user(error):
            print(f"ofsted-sif: {for_the_command_line(str(error))}", file=sys.stderr)
            return 2
        print(
            f"ofsted-sif: an error inside the program, not one of yours. Please report it with these lines (ofsted_sif {__version__}):",
            file=sys.stderr,
        )
        traceback.print_exception(error)
        return 1
    return 0


def _understood(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments as options; words left over are mostly those of a name."""
    made = parser()
    options, more = made.parse_known_args(arguments)
    if more:
        hint = "" if any(word.startswith("-") for word in more) else " (a name of several words stands in quotes: 'Kingston upon Hull')"
        made.error(f"unrecognized arguments: {' '.join(more)}{hint}")
    return options


def _pass_on(caught: Sequence[warnings.WarningMessage]) -> None:
    """The package's own warnings as notes, each once; the others as they are."""
    for message in dict.fromkeys(for_the_command_line(str(one.message)) for one in caught if issubclass(one.category, _OURS)):
        print(f"ofsted-sif: note: {message}", file=sys.stderr)
    for one in caught:
        if not issubclass(one.category, _OURS):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def is_of_the_user(error: Exception) -> bool:
    """Whether the error says what the user got wrong: the system says it of a file, or this package raised it itself to say it."""
    if isinstance(error, OSError | ImportError):
        return True
    if not isinstance(error, ValueError | TypeError):
        return False
    last = traceback.extract_tb(error.__traceback__)[-1]
    return Path(last.filename).is_relative_to(_PACKAGE) and linecache.getline(last.filename, last.lineno or 0).strip().startswith("raise ")
