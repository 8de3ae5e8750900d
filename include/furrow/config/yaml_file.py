"""YAML as an author wrote it: the value, and the line of every part of it."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from furrow.errors import ConfigError, Problem

_FEW = 20
Loc = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class YamlFile:
    """A parsed YAML file, or a part of one that begins at line `first`.

    `path` is as a person should read it in an error.
    """

    path: str
    value: Any
    root: yaml.Node | None
    first: int = 1

    def line(self, loc: Loc) -> int | None:
        """The line, counted from 1, of the deepest part of `loc` that is written in the file."""
        node, line = self.root, self.first
        for part in loc:
            found = _child(node, part)
            if found is None:
                continue
            mark, node = found
            line = mark.start_mark.line + 1
        return line

    def problem(self, loc: Loc, what: str, hint: str = "") -> Problem:
        """A problem at `loc` of this file."""
        return Problem(self.path, self.line(loc), what, hint)

    def parse(self, model: type[Model]) -> Model:
        """The value as `model`. Raises ConfigError with one problem for each thing that is wrong."""
        try:
            return model.model_validate(self.value)
        except ValidationError as error:
            raise ConfigError([self._explain(model, entry) for entry in error.errors()]) from None

    def _explain(self, model: type[BaseModel], entry: Any) -> Problem:
        loc: Loc = entry["loc"]
        key = loc[-1] if loc else ""
        match entry["type"]:
            case "extra_forbidden":
                hint = _place_hint(model, loc) or _key_hint(
                    str(key), entry["input"], _keys_at(model, loc[:-1])
                )
                return self.problem(loc, f"unknown key `{key}`", hint)
            case "missing":
                return self.problem(loc[:-1], f"the key `{key}` is missing")
            case "union_tag_invalid":
                return self.problem((*loc, "kind"), entry["msg"])
            case "union_tag_not_found":
                return self.problem(loc, "the key `kind` is missing")
            case "model_type" if not loc:
                return Problem(self.path, 1, "this file has to hold keys and values")
            case "model_type":
                what = f"`{'.'.join(map(str, loc))}` has to hold keys and values"
                return self.problem(loc, what, "write them below it, each indented by two spaces")
            case _:
                place = f"`{'.'.join(map(str, loc))}`: " if loc else ""
                return self.problem(loc, f"{place}{plain(entry['msg'])}")


def read_yaml(path: Path, shown: str) -> YamlFile:
    """Read one YAML file. Raises ConfigError when it is not there, not UTF-8, not YAML or has a key twice."""
    loader = yaml.CSafeLoader(read_text(path, shown))
    try:
        root = loader.get_single_node()
        twice = [problem for node in _mappings(root) for problem in _duplicates(node, shown)]
        if twice:
            raise ConfigError(twice)
        value = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        words = str(error.problem)
        raise ConfigError(Problem(shown, line, f"not YAML: {words}", _yaml_hint(words))) from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ConfigError(Problem(shown, None, f"not YAML: {str(error).splitlines()[0]}")) from None
    finally:
        loader.dispose()
    return YamlFile(shown, value, root)


def read_text(path: Path, shown: str) -> str:
    """The text of a file. Raises ConfigError when it is not there or not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(Problem(shown, None, "the file is missing", "create it")) from None
    except OSError as error:
        raise ConfigError(Problem(shown, None, f"could not be read: {error.strerror}")) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(Problem(shown, line, "not UTF-8", "save the file as UTF-8")) from None


def suggest(word: str, known: Sequence[str]) -> str:
    """A hint that names the closest of `known`, or all of them when none is close and they are few."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known here: {', '.join(known)}" if 0 < len(known) <= _FEW else ""


def _key_hint(key: str, value: object, known: Sequence[str]) -> str:
    """Inside `{…}` YAML ends a text at its comma: the rest of a sentence is a key without a value."""
    return "put a text that has a comma in quotes" if value is None else suggest(key, known)


def _place_hint(model: type[BaseModel], loc: Loc) -> str:
    """For a known key that is indented too much or too little."""
    key = str(loc[-1])
    if len(loc) > 1:
        return f"take away the spaces before `{key}`" if key in model.model_fields else ""
    above = [f"`{name}`" for name in model.model_fields if key in _keys_at(model, (name,))]
    return f"indent it under {' or '.join(above)}" if above else ""


def _yaml_hint(words: str) -> str:
    if "cannot start any token" in words:
        return "indent with spaces, not tabs, and put a text that begins with a sign in quotes"
    if "mapping values" in words or "expected ','" in words:
        return "put a text that has a colon in quotes, a space after a key's colon; align keys of one level"
    return "look at the indentation of this line and of the one above"


def _child(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The node to point at and the node to go on from, for one part of a location."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _mappings(root: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    """Every mapping once, however often an alias repeats it."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            waiting.extend(value for _, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)


def _duplicates(node: yaml.MappingNode, shown: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            hint = "put a Jinja expression in quotes"
            yield Problem(shown, key.start_mark.line + 1, "a key must be a word", hint)
        elif key.value in seen:
            yield Problem(shown, key.start_mark.line + 1, f"the key `{key.value}` stands twice", "keep one")
        seen.add(str(key.value))


def _keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that may be written at `loc` under `model`."""
    options: list[Any] = [model]
    for part in loc:
        options = [deeper for option in options for deeper in _step_into(option, part)]
    return sorted({name for option in options if _is_model(option) for name in option.model_fields})


def _step_into(annotation: Any, part: str | int) -> Iterator[Any]:
    for option in _members(annotation):
        if _is_model(option):
            if part in option.model_fields:
                yield from _members(option.model_fields[part].annotation)
            elif part in (option.__name__, *_kinds(option)):
                yield option
        elif get_origin(option) in (list, dict):
            yield from _members(get_args(option)[-1])


def _kinds(option: type[BaseModel]) -> tuple[Any, ...]:
    """The values of `kind` that choose this class in a union."""
    return get_args(option.model_fields["kind"].annotation) if "kind" in option.model_fields else ()


def _members(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


_JSON = re.compile(r"Invalid JSON: (.*) at line 1 column (\d+)", re.DOTALL)


def plain(message: str) -> str:
    """What the validation says, in words that do not mix up with a key `input` or a line of the file."""
    message = message.removeprefix("Value error, ").replace("Input should", "it should")
    return _JSON.sub(r"not JSON: \1 at character \2", message)
