"""Importing a library without what it imports and we do not use: such modules are imported when they are first used."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from expectations.uncollected import uncollected


class _PutOff(ModuleType):
    """A module in whose place another one is, until somebody asks for something of it."""

    def __getattr__(self, name: str) -> Any:
        # What an import itself asks a module for, such as its path, is no use of it.
        if name.startswith("__"):
            raise AttributeError(name)
        _step_aside(self.__name__)
        return getattr(import_module(self.__name__), name)


def _step_aside(name: str) -> None:
    """Let a module and the package it is in be imported."""
    while name:
        if isinstance(sys.modules.get(name), _PutOff):
            del sys.modules[name]
        name = name.rpartition(".")[0]


@contextmanager
def put_off(*names: str) -> Iterator[None]:
    """What is imported within gets a module that stands for each of these, and imports it at its first use.

    A module in a package is named after the package. Those that are there already stay. Afterwards everybody else
    imports them as ever; meanwhile no other thread may. Nor is garbage looked for meanwhile: of a library that is being
    imported nearly everything stays.
    """
    instead = {name: _PutOff(name) for name in names if name not in sys.modules}
    for name, module in instead.items():
        package, _, own_name = name.rpartition(".")
        if package in instead:
            setattr(instead[package], own_name, module)
    sys.modules.update(instead)
    try:
        with uncollected():
            yield
    finally:
        for name in instead:
            _step_aside(name)
