from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.engine.call_key import call_key
from furrow.engine.ports import Message, ModelRequest

texts = st.text(max_size=30)
messages = st.builds(Message, st.sampled_from(["system", "user", "assistant"]), texts)
params = st.dictionaries(
    st.sampled_from(["temperature", "max_tokens", "top_p", "seed"]),
    st.none() | st.integers(0, 3) | st.floats(0, 2),
)
schemas = st.none() | st.fixed_dictionaries({"type": st.just("object"), "title": texts})
requests = st.builds(
    ModelRequest,
    alias=texts,
    model=st.sampled_from(["openai:small", "google:small"]),
    messages=st.lists(messages, max_size=3).map(tuple),
    schema=schemas,
    schema_name=st.sampled_from(["answer", "other"]),
    params=params,
    sample=st.integers(0, 2),
)


def _decisive(request: ModelRequest) -> str:
    """What decides an answer, said in another way than call_key says it."""
    schema = None if request.schema is None else (request.schema_name, list(request.schema.items()))
    set_params = sorted((name, value) for name, value in request.params.items() if value is not None)
    return repr((request.model, request.messages, schema, set_params, request.sample))


@given(requests, requests)
def test_two_requests_share_a_key_exactly_when_all_that_decides_the_answer_is_equal(
    one: ModelRequest, other: ModelRequest
) -> None:
    assert (call_key(one) == call_key(other)) == (_decisive(one) == _decisive(other))


@given(requests, st.randoms(use_true_random=False), texts)
def test_the_order_of_params_unset_params_and_the_alias_change_nothing(
    request: ModelRequest, random: Any, alias: str
) -> None:
    shuffled = list({"seed": None, **request.params}.items())
    random.shuffle(shuffled)
    assert call_key(replace(request, params=dict(shuffled), alias=alias)) == call_key(request)


BASE = ModelRequest(
    alias="small",
    model="openai:small",
    messages=(Message("system", "뽑아라"), Message("user", "아이폰 35만원")),
    schema={"type": "object", "properties": {"brand": {"type": "string"}, "price": {"type": "integer"}}},
    schema_name="extract",
    params={"temperature": 0.0, "max_tokens": 1024},
)
SWAPPED = {"type": "object", "properties": {"price": {"type": "integer"}, "brand": {"type": "string"}}}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"model": "openai:large"}, id="model"),
        pytest.param({"messages": BASE.messages[:1]}, id="a message less"),
        pytest.param({"messages": (Message("user", "뽑아라"), BASE.messages[1])}, id="role"),
        pytest.param({"messages": (*BASE.messages[:1], Message("user", "아이폰 36만원"))}, id="text"),
        pytest.param(
            {"messages": (Message("system", "뽑"), Message("user", "아라아이폰 35만원"))}, id="border"
        ),
        pytest.param({"schema": None}, id="no schema"),
        pytest.param({"schema": SWAPPED}, id="order of the schema's fields"),
        pytest.param({"schema_name": "summarize"}, id="name of the schema"),
        pytest.param({"params": {"temperature": 0.1, "max_tokens": 1024}}, id="value of a param"),
        pytest.param({"params": {"temperature": 0.0}}, id="a param less"),
        pytest.param({"sample": 1}, id="sample"),
    ],
)
def test_a_change_of_what_decides_the_answer_changes_the_key(change: dict[str, Any]) -> None:
    assert call_key(replace(BASE, **change)) != call_key(BASE)


def test_the_name_of_a_schema_that_is_not_there_changes_nothing() -> None:
    free = replace(BASE, schema=None)
    assert call_key(replace(free, schema_name="other")) == call_key(free)


def test_the_key_of_a_request_never_changes_between_releases_of_furrow() -> None:
    """Another value here means that every ledger out there is bought again."""
    assert call_key(BASE) == "eccb98ec1926d5fdd40b0df4f828777e5b667dc918861be14688d3cc1cbb7341"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("깨진 이모지 \ud83d", id="lone surrogate"),
        pytest.param("널 \x00 문자", id="nul"),
        pytest.param("👩‍👩‍👧 🇰🇷", id="joined emoji"),
    ],
)
def test_any_text_has_a_key_of_its_own(text: str) -> None:
    key = call_key(replace(BASE, messages=(Message("user", text),)))
    assert len(key) == 64
    assert key != call_key(replace(BASE, messages=(Message("user", text.replace(text[-1], "")),)))
