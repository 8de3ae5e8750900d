"""Feast is imported without the checks of its arguments, and typeguard is what it was for others."""

import subprocess
import sys
from pathlib import Path

INCLUDE = Path(__file__).resolve().parents[2] / "include"
SAYS = """
import sys
sys.path.insert(0, sys.argv[1])
import typeguard
before = typeguard.typechecked
from furrow.adapters.feast_module import feast
assert feast() is sys.modules["feast"]
assert typeguard.typechecked is before
print(feast().Entity(name=5, join_keys=["article"]).name)  # for typeguard a number is no name
"""


def test_feast_comes_unchecked_and_leaves_typeguard_as_it_was() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAYS, str(INCLUDE)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "5\n", done.stderr
