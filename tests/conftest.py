"""What all tests run with."""

import gc

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    """Some million objects of the libraries stay to the end: the collector, which tests wake often, need not walk them each time."""
    gc.collect()
    gc.freeze()
