"""`python -m testsets [USE_CASE ...]`: write the generated test sets; with --check, name the stale ones."""

from __future__ import annotations

import argparse
import pkgutil
import sys
from collections.abc import Collection, Sequence
from importlib import import_module

import testsets
from testsets.common import Case, as_lines, faults, path_of


def generators() -> list[str]:
    """The use cases that have a module here: those with a function `cases`."""
    names = sorted(found.name for found in pkgutil.iter_modules(testsets.__path__) if found.name[0] != "_")
    return [name for name in names if hasattr(import_module(f"testsets.{name}"), "cases")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: written, or with --check all fresh."""
    known = generators()
    parser = argparse.ArgumentParser(prog="python -m testsets", description=__doc__)
    parser.add_argument("use_case", nargs="*", help=f"default: all of {', '.join(known)}")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.use_case if name not in known]:
        parser.error(f"there is no generator for {', '.join(unknown)}; there are {', '.join(known)}")
    return max([_settle(name, given.check) for name in given.use_case or known], default=0)


def _settle(use_case: str, check: bool) -> int:
    generator = import_module(f"testsets.{use_case}")
    cases: Collection[Case] = generator.cases()
    for fault in (found := faults(cases, getattr(generator, "SLICES_IN_BOTH", False))):
        print(f"{use_case}: {fault}", file=sys.stderr)
    if found:
        return 1
    return _compare(use_case, cases) if check else _write(use_case, cases)


def _write(use_case: str, cases: Collection[Case]) -> int:
    path = path_of(use_case)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_lines(cases))
    dev = sum(1 for case in cases if case.split == "dev")
    print(f"{use_case}: {len(cases)} cases ({dev} dev, {len(cases) - dev} test)")
    return 0


def _compare(use_case: str, cases: Collection[Case]) -> int:
    path = path_of(use_case)
    if path.exists() and path.read_bytes() == as_lines(cases):
        return 0
    print(f"{use_case}/{path.name} is stale: run `python -m testsets {use_case}`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
