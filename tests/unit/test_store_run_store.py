import threading
import tracemalloc
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.errors import FileMissing, StoreDamaged, StoreUnavailable
from furrow.store.files import Draft
from furrow.store.run_store import RunFolder, RunStore, safe_name

RUN = "manual__2026-11-24T02:00:00+00:00"
LINES: list[dict[str, Any]] = [{"key": str(number), "title": "아이폰 13 📱"} for number in range(5)]

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False)
    | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunFolder]:
    url = str(tmp_path / "store") if request.param == "local" else f"memory://{tmp_path.name}/store"
    yield RunStore(url).run("used_goods", RUN)
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def local(tmp_path: Path) -> RunFolder:
    return RunStore(str(tmp_path / "store")).run("used_goods", RUN)


def test_lines_come_back_as_they_were_written_in_order(folder: RunFolder) -> None:
    assert folder.write_lines("partitions/0000.jsonl", iter(LINES)) == 5
    assert list(folder.read_lines("partitions/0000.jsonl")) == LINES
    assert list(folder.read_lines("partitions/0000.jsonl", count=5)) == LINES


def test_a_file_of_no_lines_is_there_and_empty(folder: RunFolder) -> None:
    assert folder.write_lines("empty.jsonl", []) == 0
    assert folder.exists("empty.jsonl")
    assert list(folder.read_lines("empty.jsonl", count=0)) == []


@given(st.lists(st.dictionaries(st.text(max_size=5), values, max_size=4), max_size=4))
def test_whatever_json_can_say_survives(lines: list[dict[str, Any]]) -> None:
    folder = RunStore("memory://property").run("used_goods", RUN)
    folder.write_lines("lines.jsonl", lines)
    assert list(folder.read_lines("lines.jsonl")) == lines


@pytest.mark.parametrize(
    "line",
    [
        pytest.param({"text": "깨진 \ud83d"}, id="lone surrogate"),
        pytest.param({"text": "a\u2028b\x85c\x0bd\x00e\r\nf"}, id="other line ends"),
        pytest.param({"nested": reduce(lambda inner, _: [inner], range(400), 1)}, id="deep"),
        pytest.param({"body": "가" * 2_000_000}, id="6 MB"),
        pytest.param({"price": float("inf")}, id="infinity"),
    ],
)
def test_an_odd_line_between_others_survives(folder: RunFolder, line: dict[str, Any]) -> None:
    folder.write_lines("odd.jsonl", [LINES[0], line, LINES[1]])
    assert list(folder.read_lines("odd.jsonl")) == [LINES[0], line, LINES[1]]


def test_text_is_stored_readable(local: RunFolder) -> None:
    local.write_lines("lines.jsonl", LINES)
    assert "아이폰 13 📱" in Path(local.uri, "lines.jsonl").read_text(encoding="utf-8")


def test_an_object_comes_back_and_a_new_one_replaces_it(folder: RunFolder) -> None:
    folder.write_json("manifest.json", {"release": "v1@3f2a9c1d"})
    folder.write_json("manifest.json", {"release": "v2@aaaaaaaa", "이름": "중고"})
    assert folder.read_json("manifest.json") == {"release": "v2@aaaaaaaa", "이름": "중고"}


def test_lines_can_be_written_as_they_come_and_appear_only_at_the_end(folder: RunFolder) -> None:
    with folder.open_lines("extract/0000.jsonl") as file:
        for line in LINES:
            file.write(line)
        assert not folder.exists("extract/0000.jsonl")
        assert folder.list() == []
    assert file.count == 5
    assert folder.list() == ["extract/0000.jsonl"]


def test_when_writing_breaks_off_the_earlier_file_stays_and_no_draft_is_left(folder: RunFolder) -> None:
    folder.write_lines("lines.jsonl", LINES)

    def broken() -> Iterator[dict[str, Any]]:
        yield {"half": True}
        raise ConnectionError("the source went away")

    with pytest.raises(ConnectionError, match="the source went away"):
        folder.write_lines("lines.jsonl", broken())
    assert list(folder.read_lines("lines.jsonl")) == LINES
    if not folder.uri.startswith("memory:"):
        assert [path.name for path in Path(folder.uri).iterdir()] == ["lines.jsonl"]


def test_a_file_that_is_not_there_is_missing_and_the_error_names_it(folder: RunFolder) -> None:
    assert not folder.exists("nothing.jsonl")
    with pytest.raises(FileMissing, match=r"nothing\.jsonl is not there"):
        list(folder.read_lines("nothing.jsonl"))
    with pytest.raises(FileMissing):
        folder.read_json("nothing.json")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        pytest.param('{"a": 1}\n{"a": \n{"a": 3}\n', "x.jsonl:2", id="cut in a line"),
        pytest.param('{"a": 1}\n\n', "x.jsonl:2", id="empty line"),
        pytest.param('{"a": 1}\n[1]\n', "x.jsonl:2", id="not an object"),
        pytest.param('{"a": 1}\n{"a": 2}\n{"a": "3', "x.jsonl:3", id="cut at the end"),
        pytest.param('{"a": 1}\n\0\0\0\0', "x.jsonl:2", id="zeros after a power cut"),
        pytest.param("[" * 100_000, "x.jsonl:1", id="endless nesting"),
    ],
)
def test_a_broken_line_is_damage_and_is_named(local: RunFolder, content: str, place: str) -> None:
    local.write_lines("x.jsonl", [])
    Path(local.uri, "x.jsonl").write_text(content)
    with pytest.raises(StoreDamaged, match=place):
        list(local.read_lines("x.jsonl"))


def test_bytes_that_are_not_utf8_are_damage(local: RunFolder) -> None:
    local.write_lines("x.jsonl", LINES)
    Path(local.uri, "x.jsonl").write_bytes(b'{"a": "\xff\xfe"}\n')
    with pytest.raises(StoreDamaged, match=r"x\.jsonl:1"):
        list(local.read_lines("x.jsonl"))


@pytest.mark.parametrize("count", [4, 6], ids=["fewer", "more"])
def test_a_file_with_another_number_of_lines_than_were_written_is_damaged(
    folder: RunFolder, count: int
) -> None:
    folder.write_lines("lines.jsonl", LINES)
    with pytest.raises(StoreDamaged, match=f"5 lines, {count} were written"):
        list(folder.read_lines("lines.jsonl", count=count))


def test_what_could_not_be_read_is_not_taken_for_absent(local: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the store should be")
    for attempt in (
        lambda: local.exists("x.jsonl"),
        lambda: list(local.read_lines("x.jsonl")),
        lambda: local.list(),
        lambda: local.write_lines("x.jsonl", LINES),
    ):
        with pytest.raises(StoreUnavailable):
            attempt()


def test_a_file_is_never_in_memory_as_a_whole(local: RunFolder) -> None:
    line = {"body": "가" * 1_000}
    tracemalloc.start()
    local.write_lines("big.jsonl", (line for _ in range(10_000)))
    count = sum(1 for _ in local.read_lines("big.jsonl"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 10_000
    assert Path(local.uri, "big.jsonl").stat().st_size > 30_000_000
    assert peak < 5_000_000


def test_a_full_disk_may_pass_later() -> None:
    with (
        pytest.raises(StoreUnavailable, match="No space left"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        Draft(full, "store/x.jsonl").write(b"{}\n")  # type: ignore[arg-type]


def test_names_are_listed_by_prefix_in_order(folder: RunFolder) -> None:
    for name in ("partitions/0001.jsonl", "manifest.json", "partitions/0000.jsonl", "extract/0000.jsonl"):
        folder.write_lines(name, [])
    assert folder.list("partitions/") == ["partitions/0000.jsonl", "partitions/0001.jsonl"]
    assert folder.list() == [
        "extract/0000.jsonl",
        "manifest.json",
        "partitions/0000.jsonl",
        "partitions/0001.jsonl",
    ]
    assert RunStore("memory://other").run("used_goods", RUN).list() == []


def test_a_draft_that_a_killed_process_left_is_not_a_file(local: RunFolder) -> None:
    local.write_lines("lines.jsonl", LINES)
    Path(local.uri, ".lines.jsonl.0123456789ab.draft").write_text("half")
    assert local.list() == ["lines.jsonl"]


def test_two_writers_of_one_file_never_mix(folder: RunFolder) -> None:
    ones, twos = [{"writer": 1}] * 2_000, [{"writer": 2}] * 2_000
    threads = [threading.Thread(target=folder.write_lines, args=("x.jsonl", lines)) for lines in (ones, twos)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(folder.read_lines("x.jsonl")) in (ones, twos)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../other/x", "a/../../x"])
def test_a_name_cannot_leave_its_run(folder: RunFolder, name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a file"):
        folder.write_lines(name, [])


def test_a_run_id_becomes_one_quoted_folder(tmp_path: Path) -> None:
    uri = RunStore(str(tmp_path)).run("used_goods", RUN).uri
    assert uri == str(tmp_path / "used_goods" / "manual__2026-11-24T02%3A00%3A00%2B00%3A00")


def test_an_address_with_a_scheme_keeps_it() -> None:
    assert RunStore("memory://bucket/furrow").run("used_goods", "r 1").uri.startswith("memory://")


@given(st.text(), st.text())
def test_different_run_ids_never_share_a_folder_and_any_is_one_safe_name(one: str, other: str) -> None:
    name = safe_name(one)
    assert 0 < len(name.encode()) <= 120
    assert "/" not in name and "\0" not in name and name not in (".", "..")
    assert (name == safe_name(other)) == (one == other)


@pytest.mark.parametrize("text", [".", "..", "", "가" * 250, "/" * 250, "%", "a" * 250, "\ud800"])
def test_odd_run_ids_work_as_folders(tmp_path: Path, text: str) -> None:
    folder = RunStore(str(tmp_path)).run("used_goods", text)
    folder.write_json("manifest.json", {"run": 1})
    assert folder.read_json("manifest.json") == {"run": 1}
    assert len(list((tmp_path / "used_goods").iterdir())) == 1
