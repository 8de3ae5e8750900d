"""Files as they come from other people: every format, and everything that can be wrong with them."""

import bz2
import gzip
import json
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from furrow.adapters.files import FilesSource
from furrow.config import models
from furrow.errors import RunError, SourceUnavailable


def source(folder: Path, path: str, format: str | None = None) -> FilesSource:
    return FilesSource(models.FilesSource.model_validate({"path": path, "format": format}), folder)


def values(folder: Path, path: str, format: str | None = None) -> list[bytes]:
    return [arrival.value for arrival in source(folder, path, format).read()]


def test_json_lines_come_byte_for_byte_without_line_ends_and_blank_lines(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes('{"제목": "중고 🚲"}\r\n\n  \n{"b":  1}'.encode())
    assert values(tmp_path, "a.jsonl") == ['{"제목": "중고 🚲"}'.encode(), b'{"b":  1}']


def test_a_byte_order_mark_is_no_part_of_the_first_record(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n')
    (tmp_path / "b.csv").write_bytes("\ufeff제목,가격\n자전거,3만\n".encode())
    assert values(tmp_path, "a.jsonl") == [b'{"a": 1}', b'{"a": 2}']
    assert [json.loads(value) for value in values(tmp_path, "b.csv")] == [{"제목": "자전거", "가격": "3만"}]


def test_a_line_that_is_not_utf8_is_given_for_rejection_and_the_rest_too(tmp_path: Path) -> None:
    bad = "제목".encode("cp949")
    (tmp_path / "a.jsonl").write_bytes(b'{"a": 1}\n' + bad + b'\n{"a": 2}\n')
    (tmp_path / "b.csv").write_bytes(b"id,title\n1," + bad + b"\n2,ok\n")
    assert values(tmp_path, "a.jsonl") == [b'{"a": 1}', bad, b'{"a": 2}']
    first, second = values(tmp_path, "b.csv")
    assert bad in first
    with pytest.raises(UnicodeDecodeError):
        first.decode()
    assert json.loads(second) == {"id": "2", "title": "ok"}


def test_equal_lines_have_equal_ids_and_others_have_others(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n{"a": 2}\n{"a": 1}\n')
    first, second, third = [arrival.id for arrival in source(tmp_path, "a.jsonl").read()]
    assert first == third != second
    assert first.startswith("sha256:")
    assert len(first) == len("sha256:") + 64


def test_a_csv_cell_may_hold_commas_quotes_and_line_ends_and_stays_a_string(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\n007,"a, ""b""\nc"\n8,\n', encoding="utf-8")
    records = [json.loads(value) for value in values(tmp_path, "a.csv")]
    assert records == [{"id": "007", "text": 'a, "b"\nc'}, {"id": "8", "text": ""}]


def test_a_csv_row_with_too_many_or_too_few_cells_is_given_raw(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\n1,a,b\n2\n3,"c, d"\n')
    raw, short, good = values(tmp_path, "a.csv")
    assert (raw, short) == (b"1,a,b", b"2")
    assert json.loads(good) == {"id": "3", "text": "c, d"}


def test_a_csv_cell_of_five_megabytes_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"id,text\n1,{'x' * 5_000_000}\n")
    assert len(values(tmp_path, "a.csv")[0]) > 5_000_000


def test_a_csv_that_names_a_column_twice_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,id\n1,2\n")
    with pytest.raises(SourceUnavailable, match=r"a\.csv.*twice"):
        values(tmp_path, "a.csv")


def test_parquet_rows_become_json_with_every_type_told(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = {
        "id": "한글",
        "n": 2**62,
        "x": float("nan"),
        "none": None,
        "at": datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
        "day": date(2026, 11, 1),
        "price": Decimal("12.50"),
        "tags": ["a", "b"],
        "place": {"city": "서울", "zip": None},
        "raw": b"\xff\x00",
    }
    table = pa.Table.from_pylist([row])
    nanoseconds = pa.array([row["at"]], pa.timestamp("ns", tz="Asia/Seoul"))
    pq.write_table(table.append_column("at_ns", nanoseconds), tmp_path / "a.parquet")
    (value,) = values(tmp_path, "a.parquet")
    read = json.loads(value)
    assert datetime.fromisoformat(read.pop("at")) == row["at"]
    assert datetime.fromisoformat(read.pop("at_ns")) == row["at"]
    assert read == {
        "id": "한글",
        "n": 2**62,
        "x": None,
        "none": None,
        "day": "2026-11-01",
        "price": "12.50",
        "tags": ["a", "b"],
        "place": {"city": "서울", "zip": None},
        "raw": "_wA=",
    }


def test_compressed_files_are_read_by_their_ending(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"a": 1}\n'))
    (tmp_path / "b.csv.bz2").write_bytes(bz2.compress(b"a\n2\n"))
    assert values(tmp_path, "a.jsonl.gz") == [b'{"a": 1}']
    assert values(tmp_path, "b.csv.bz2") == [b'{"a": "2"}']


def test_a_glob_reads_its_files_by_name_and_the_position_tells_them(tmp_path: Path) -> None:
    for name in ("c", "a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(f'{{"file": "{name}"}}\n')
    (tmp_path / "d.jsonl").mkdir()
    read = source(tmp_path, "*.jsonl")
    assert [json.loads(arrival.value)["file"] for arrival in read.read()] == ["a", "b", "c"]
    files = read.position()["files"]
    assert [Path(path).name for path in files] == ["a.jsonl", "b.jsonl", "c.jsonl"]
    assert all(told["size"] == 14 and told["changed"] for told in files.values())
    assert json.loads(json.dumps(read.position())) == read.position()


def test_a_file_whose_name_looks_like_a_glob_is_read(tmp_path: Path) -> None:
    (tmp_path / "a[1].jsonl").write_text("{}\n")
    assert values(tmp_path, "a[1].jsonl") == [b"{}"]


def test_any_fsspec_url_is_read(tmp_path: Path) -> None:
    import fsspec

    fsspec.filesystem("memory").pipe("/furrow-test/a.jsonl", b'{"a": 1}\n')
    assert values(tmp_path, "memory://furrow-test/*.jsonl") == [b'{"a": 1}']
    (tmp_path / "b.jsonl").write_text("{}\n")
    assert values(tmp_path, (tmp_path / "b.jsonl").as_uri()) == [b"{}"]


@pytest.mark.parametrize("path", ["missing.jsonl", "*.jsonl", "folder", "memory://furrow-nowhere/a.jsonl"])
def test_a_file_that_is_not_there_is_an_error_and_never_an_empty_read(tmp_path: Path, path: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceUnavailable, match=r"there is no such file; check source\.files\.path"):
        values(tmp_path, path)


DAMAGED = {
    "a.parquet": b"PAR1 this is no parquet",
    "a.jsonl.gz": gzip.compress(b'{"a": 1}\n' * 1000)[:-20],
    "b.jsonl.gz": b"not gzip",
}


@pytest.mark.parametrize(("name", "content"), DAMAGED.items(), ids=DAMAGED.keys())
def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceUnavailable, match=f"{name}: cannot be read"):
        values(tmp_path, name)


@pytest.mark.parametrize(("path", "word"), [("a.txt", "format"), ("noway://x/a.jsonl", "noway")])
def test_a_format_or_protocol_that_nobody_knows_needs_a_person(tmp_path: Path, path: str, word: str) -> None:
    (tmp_path / "a.txt").write_text("{}\n")
    with pytest.raises(RunError, match=word):
        values(tmp_path, path)


def test_the_format_may_be_named_when_the_ending_does_not(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("{}\n")
    assert values(tmp_path, "a.txt", "jsonl") == [b"{}"]


def test_memory_stays_flat_over_a_large_file(tmp_path: Path) -> None:
    line = json.dumps({"text": "x" * 1000}).encode() + b"\n"
    (tmp_path / "a.jsonl").write_bytes(line * 30_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in source(tmp_path, "a.jsonl").read()) == 30_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000
