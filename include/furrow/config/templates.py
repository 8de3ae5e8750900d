"""Prompts and conditions: Jinja2 in a sandbox. A misspelt name is an error; records are only values."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import cache, cached_property
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from furrow.config.hashtags import normalise_tags
from furrow.config.hints import hinted
from furrow.config.korean import is_amount, parse_krw
from furrow.config.korean_ages import AGE_FILTERS
from furrow.config.korean_homes import FILTERS as HOME_FILTERS
from furrow.config.korean_payments import payments
from furrow.config.quoting import around, is_quoted
from furrow.config.yaml_file import suggest
from furrow.errors import ConfigError, Problem, PromptFailed

Names = Mapping[str, Set[str] | None]
"""What a template may use: name -> its fields, or None when they are not known in advance."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 for text that is ours and values that are not.

    A field is looked up before a method, so that `data.items` is the record's field; a text is never
    multiplied, so that no record can ask for a gigabyte; nothing in it is random, because a prompt that
    differs each time is bought each time.
    """

    intercepted_binops = frozenset({"*", "**"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The field of that name, or else what the sandbox allows."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """`*` between numbers only, `**` not at all."""
        if operator == "**" or not isinstance(left, int | float) or not isinstance(right, int | float):
            raise TypeError(f"`{operator}` is for numbers here" if operator == "*" else "`**` is not allowed")
        return super().call_binop(context, operator, left, right)


@cache
def environment() -> Sandbox:
    """The one sandbox of this process, with filters that read Korean amounts and homes."""
    sandbox = Sandbox(undefined=jinja2.StrictUndefined, autoescape=False, finalize=_shown)
    sandbox.filters["hashtags"] = normalise_tags
    sandbox.filters.update(AGE_FILTERS)
    sandbox.filters["krw"] = parse_krw
    sandbox.filters["hinted"] = hinted
    sandbox.filters.update(HOME_FILTERS)
    sandbox.filters["payments"] = payments
    sandbox.filters["around"] = around
    sandbox.tests["quoting"] = _is_quoting
    sandbox.tests["amount"] = is_amount
    del sandbox.filters["random"], sandbox.globals["lipsum"]
    return sandbox


def _is_quoting(text: str, words: str | None) -> bool:
    """The test `text is quoting(words)`: whether the words stand in the text; null stands in none."""
    return words is not None and is_quoted(words, text)


def _shown(value: Any) -> Any:
    """What may stand in a prompt: values, not the methods that share a name with a missing field."""
    if callable(value) and not isinstance(value, jinja2.Undefined):
        raise TypeError(f"`{getattr(value, '__name__', value)}` is not a field of this record")
    return value


class Template:
    """One prompt text of an author. Compiled once; rendering never evaluates what it is given."""

    def __init__(self, source: str, path: str):
        self.path, self._tree = path, _parse(source, path, 0)
        self._lacking: dict[tuple[tuple[str, frozenset[str] | None], ...], bool] = {}

    @cached_property
    def _template(self) -> jinja2.Template:
        """Compiled at the first rendering: a DAG parse checks all prompts and renders few."""
        code = environment().compile(self._tree, self.path, self.path)
        return jinja2.Template.from_code(environment(), code, environment().make_globals(None))

    @property
    def constant(self) -> bool:
        """Whether it reads no variable, so that it renders the same for every record."""
        return next(self._tree.find_all(nodes.Name), None) is None

    @cached_property
    def _read(self) -> list[nodes.Node]:
        return list(self._tree.find_all(_LOOKED_AT))

    def check(self, names: Names) -> list[Problem]:
        """Names and fields that will not be there, with their lines."""
        return _unknown_names(self._read, names, self.path, 0)

    def lacks(self, context: Mapping[str, Any]) -> bool:
        """Whether a name or field that it reads is not in this context; it may render all the same."""
        shape = _shape(context)
        if shape not in self._lacking:  # few-shot examples have the same fields, one after the other
            self._lacking[shape] = bool(self.check(dict(shape)))
        return self._lacking[shape]

    def missing(self, context: Mapping[str, Any]) -> list[Problem]:
        """The names and fields for lack of which this context does not render; none if it renders."""
        try:
            self.render(context)
        except PromptFailed as error:
            lacks = isinstance(error.__cause__, jinja2.UndefinedError)
            return self.check(dict(_shape(context))) if lacks else []
        return []

    def render(self, context: Mapping[str, Any]) -> str:
        """The text. Raises PromptFailed with the line when this context lacks something."""
        try:
            return self._template.render(context)
        except Exception as error:
            place = Problem(self.path, _line_of(error, self.path), str(error))
            raise PromptFailed(str(place)) from error


class Expression:
    """One condition or computed value of an author. `line` is where it stands in its file."""

    def __init__(self, source: str, path: str, line: int | None):
        self.path, self.line, self._source = path, line, source
        self._tree = _parse_expression(source, path, line or 1)

    @cached_property
    def _call(self) -> Callable[..., Any]:
        return environment().compile_expression(self._source, undefined_to_none=False)

    @property
    def names(self) -> frozenset[str]:
        """The names that it reads: `draft_judge` of `draft_judge.best`."""
        return frozenset(node.name for node in self._tree.find_all(nodes.Name) if node.ctx == "load")

    def check(self, names: Names) -> list[Problem]:
        """Names and fields that will not be there."""
        return _unknown_names(list(self._tree.find_all(_LOOKED_AT)), names, self.path, (self.line or 1) - 1)

    def evaluate(self, context: Mapping[str, Any]) -> Any:
        """The value. Raises PromptFailed when this context lacks something."""
        try:
            value = self._call(context)
            if isinstance(value, jinja2.Undefined):
                value._fail_with_undefined_error()
            return value
        except Exception as error:
            raise PromptFailed(str(Problem(self.path, self.line, str(error)))) from error


def _shape(context: Mapping[str, Any]) -> tuple[tuple[str, frozenset[str] | None], ...]:
    """The names of a context with their fields."""
    return tuple(
        (name, frozenset(value) if isinstance(value, dict) else None) for name, value in context.items()
    )


def _parse(source: str, path: str, before: int) -> nodes.Template:
    try:
        return environment().parse(source, path, path)
    except jinja2.TemplateSyntaxError as error:
        hint = "a value is written `{{ data.… }}`, a condition `{% if … %} … {% endif %}`"
        raise ConfigError(Problem(path, before + error.lineno, f"not Jinja: {error.message}", hint)) from None


def _parse_expression(source: str, path: str, line: int) -> nodes.Template:
    """As Jinja itself reads a single expression; not more than one, and no tags around it."""
    try:
        parser = Parser(environment(), source, state="variable")
        found = parser.parse_expression()
        if not parser.stream.eos:
            raise jinja2.TemplateSyntaxError("one expression is expected here", parser.stream.current.lineno)
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(Problem(path, line - 1 + error.lineno, f"not Jinja: {error.message}")) from None
    return nodes.Template([nodes.Output([found])])


_NOT_HERE = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
_LOOKED_AT = (nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Test, nodes.Filter, *_NOT_HERE)


def _unknown_names(found: Sequence[nodes.Node], names: Names, path: str, before: int) -> list[Problem]:
    assigned = {node.name for node in found if isinstance(node, nodes.Name) and node.ctx != "load"}
    unknown = (
        *_unknown_variables(found, names, assigned),
        *_unknown_fields(found, names, assigned),
        *_unknown_words(found),
    )
    return [Problem(path, before + line, what, hint) for line, what, hint in unknown]


def _unknown_variables(
    found: Sequence[nodes.Node], names: Names, assigned: set[str]
) -> Iterator[tuple[int, str, str]]:
    known = {*names, *assigned, *environment().globals}
    for node in found:
        if isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in known:
            yield node.lineno, f"unknown variable `{node.name}`", _variable_hint(node.name, sorted(names))


def _variable_hint(name: str, known: Sequence[str]) -> str:
    hint = suggest(name, known)
    if "data" not in known or difflib.get_close_matches(name, known, n=1, cutoff=0.75):
        return hint
    return f"a field of the record is written `data.{name}`; {hint}".removesuffix("; ")


def _unknown_words(found: Sequence[nodes.Node]) -> Iterator[tuple[int, str, str]]:
    """Filters and tests that do not exist, and tags that read other files."""
    for node in found:
        if isinstance(node, nodes.Filter) and node.name not in environment().filters:
            yield (
                node.lineno,
                f"unknown filter `{node.name}`",
                suggest(node.name, list(environment().filters)),
            )
        elif isinstance(node, nodes.Test) and node.name not in environment().tests:
            yield node.lineno, f"unknown test `{node.name}`", suggest(node.name, list(environment().tests))
        elif isinstance(node, _NOT_HERE):
            yield node.lineno, "a prompt does not read other templates", "write the text here"


def _unknown_fields(
    found: Sequence[nodes.Node], names: Names, assigned: set[str]
) -> Iterator[tuple[int, str, str]]:
    guarded = [node for guard in _guards(found) for node in (guard, *guard.find_all(_LOOKED_AT))]
    optional = {(owner, field) for owner, field, _ in _fields(guarded)}
    for owner, field, line in _fields(found):
        fields = None if owner in assigned or (owner, field) in optional else names.get(owner)
        if fields is not None and field not in fields:
            yield line, f"`{owner}` has no field `{field}`", suggest(field, sorted(fields))


def _fields(found: Sequence[nodes.Node]) -> Iterator[tuple[str, str, int]]:
    """Every `owner.field` and `owner["field"]`, with its line."""
    for node in found:
        match node:
            case nodes.Getattr(node=nodes.Name(name=owner), attr=field):
                yield owner, field, node.lineno
            case nodes.Getitem(node=nodes.Name(name=owner), arg=nodes.Const(value=str(field))):
                yield owner, field, node.lineno


def _guards(found: Sequence[nodes.Node]) -> Iterator[nodes.Node]:
    """What an author has marked as perhaps absent: `x.y is defined`, `x.y | default(…)`."""
    for node in found:
        match node:
            case nodes.Test(name="defined" | "undefined", node=marked):
                yield marked
            case nodes.Filter(name="default" | "d", node=nodes.Expr() as marked):
                yield marked


def _line_of(error: BaseException, path: str) -> int | None:
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
