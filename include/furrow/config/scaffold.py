"""A new use case: a folder that passes its checks as it is, and explains itself."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from string import Template

from pydantic import TypeAdapter, ValidationError

from furrow.config.loader import load_models
from furrow.config.models import Name
from furrow.errors import ConfigError, Problem

_TEMPLATE = Path(__file__).with_name("new_use_case")
_PREFERRED_MODEL = "local-large"


def new_use_case(prompts: Path, name: str) -> list[Path]:
    """Write the folder `prompts/<name>` with a working example, and return its files in order.

    Its step names the embedded model, or the first of models.yaml where that is not listed. The folder
    appears whole or not at all. Raises ConfigError: a bad name, a folder that is there, no models.yaml.
    """
    _check_name(name)
    folder = prompts / name
    if folder.exists():
        raise ConfigError(Problem(str(folder), None, "is there already", "choose another name"))
    aliases = list(load_models(prompts).models)
    model = _PREFERRED_MODEL if _PREFERRED_MODEL in aliases else aliases[0]
    staged = prompts / f".{name}.new"
    shutil.rmtree(staged, ignore_errors=True)
    _write(staged, {"use_case": name, "model": model})
    staged.rename(folder)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _check_name(name: str) -> None:
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError:
        what = "not a use case's name: a-z, 0-9 and _, from a letter on, at most 60 characters"
        close = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")[:60]
        raise ConfigError(Problem(name, None, what, f"try `{close}`" if close else "")) from None


def _write(folder: Path, values: dict[str, str]) -> None:
    """The template, filled in. `$schema` and all else that is not one of ours stays as it is."""
    for source in sorted(path for path in _TEMPLATE.rglob("*") if path.is_file()):
        target = folder / source.relative_to(_TEMPLATE)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = Template(source.read_text(encoding="utf-8")).safe_substitute(values)
        target.write_text(text, encoding="utf-8")
