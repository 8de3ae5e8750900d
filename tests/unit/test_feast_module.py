"""Feast is imported without the checks of its arguments, and typeguard is what it was for others."""

import subprocess
import sys
from pathlib import Path

from tests.features import Home, row

INCLUDE = Path(__file__).resolve().parents[2] / "include"
BEFORE = """
import sys
sys.path[:0] = sys.argv[1].split(":")
import typeguard
before = typeguard.typechecked
from furrow.adapters.feast_module import feast
"""
AFTER = """
assert feast() is sys.modules["feast"]
assert typeguard.typechecked is before
print(feast().Entity(name=5, join_keys=["article"]).name)  # for typeguard a number is no name
"""
PUBLISHES = """
assert "feast" not in sys.modules
from tests.features import Home, row
assert Home(Path(sys.argv[2])).store().publish([row("again")]) == 1
"""


def _said(code: str, *arguments: str) -> str:
    path = f"{INCLUDE}:{INCLUDE.parent}"
    done = subprocess.run([sys.executable, "-c", code, path, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_feast_comes_unchecked_and_leaves_typeguard_as_it_was() -> None:
    assert _said(BEFORE + AFTER) == "5\n"


def test_a_process_that_publishes_imports_it_so(home: Home) -> None:
    home.store().publish([row()])
    assert _said(BEFORE + "from pathlib import Path\n" + PUBLISHES + AFTER, str(home.settings.home)) == "5\n"


def test_a_part_of_it_comes_unchecked_too() -> None:
    assert _said(BEFORE + "feast('type_map')\n" + AFTER) == "5\n"
