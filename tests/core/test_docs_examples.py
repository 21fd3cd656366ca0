"""The examples in docstrings are what the code does."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import watchfloor
import watchfloor_hashstore
import watchfloor_trendings


def modules() -> list[str]:
    """Every module that can be imported, but for those that are programs."""
    return [
        found.name
        for package in (watchfloor, watchfloor_hashstore, watchfloor_trendings)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not found.name.endswith("__main__")
    ]


@pytest.mark.parametrize("module", modules())
def test_the_examples_of_a_module_hold(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0
