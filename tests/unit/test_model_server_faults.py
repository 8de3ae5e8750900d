"""Which requests fail, and how: decided by the prompt, so that a test can be repeated."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from furrow.engine.ports import Finish
from furrow.testing import Fault, FaultKind, FaultRate
from furrow.testing.faults import Faults
from furrow.testing.malformed import MALFORMATIONS
from furrow.testing.protocols import Said
from furrow.testing.spoiling import spoiled

PROMPTS = [f"user: 갤럭시 {number}호" for number in range(4000)]


def failing(faults: Faults, model: str = "m") -> set[str]:
    """Those of the prompts that fail when each is asked once."""
    return {prompt for prompt in PROMPTS if faults.next(model, prompt)}


# --- faults in a word -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("hang", Fault(FaultKind.HANG)),
        ("rate_limit", Fault(FaultKind.RATE_LIMIT)),
        ("rate_limit=3", Fault(FaultKind.RATE_LIMIT, retry_after="3")),
        ("server_error=503", Fault(FaultKind.SERVER_ERROR, status=503)),
        ("malformed=any", Fault(FaultKind.MALFORMED, form="any")),
        ("drip=2.5", Fault(FaultKind.DRIP, seconds=2.5)),
    ],
)
def test_a_fault_is_one_word_with_its_detail_behind_it(word: str, fault: Fault) -> None:
    assert Fault.read(word) == Fault.of(word) == Fault.of(fault) == fault
    assert Fault.of(orjson.loads(orjson.dumps(fault))) == fault


@pytest.mark.parametrize("word", ["nonsense", "hang=3", "server_error=many", "", "drip=slow", "malformed=so"])
def test_what_is_no_fault_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Fault.read(word)


def test_a_prompt_asks_for_its_own_fault_always_or_some_times() -> None:
    faults = Faults()
    always, twice = "x [[fault: server_error=503]]", "x [[fault: rate_limit=9 x2]]"
    assert [faults.next("m", always) for _ in range(3)] == [Fault(FaultKind.SERVER_ERROR, status=503)] * 3
    limited = Fault(FaultKind.RATE_LIMIT, retry_after="9")
    assert [faults.next("m", twice) for _ in range(3)] == [limited, limited, None]


def test_orders_are_taken_in_their_turn_before_any_rate() -> None:
    faults = Faults([FaultRate.of("hang")])
    faults.order([Fault(FaultKind.RESET), Fault(FaultKind.LOST)])
    kinds = [fault.kind if (fault := faults.next("m", "p")) else None for _ in range(3)]
    assert kinds == [FaultKind.RESET, FaultKind.LOST, FaultKind.HANG]


# --- faults at a rate -------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.5, 1.0])
def test_the_share_of_requests_that_fails_is_the_share_that_was_wished(share: float) -> None:
    failed = len(failing(Faults([FaultRate.of("reset", share)]))) / len(PROMPTS)
    assert failed == pytest.approx(share, abs=0.03)


def test_the_same_prompts_fail_again_on_another_server_and_others_with_another_seed() -> None:
    rate = FaultRate.of("reset", 0.2)
    assert failing(Faults([rate])) == failing(Faults([rate]))
    other = failing(Faults([FaultRate.of("reset", 0.2, seed=1)]))
    assert failing(Faults([rate])) != other
    assert 0.1 < len(other & failing(Faults([rate]))) / len(other) < 0.3


def test_asking_again_may_pass_and_may_fail_again() -> None:
    faults = Faults([FaultRate.of("reset", 0.2)])
    first, second = failing(faults), failing(faults)
    assert len(first & second) / len(first) == pytest.approx(0.2, abs=0.06)


def test_a_first_only_fault_passes_when_asked_again() -> None:
    faults = Faults([FaultRate.of("reset", 1.0, first_only=True)])
    assert failing(faults) == set(PROMPTS)
    assert failing(faults) == set()


def test_a_rate_may_be_of_one_model() -> None:
    faults = Faults([FaultRate.of("server_error=503", model="small")])
    assert failing(faults, "large") == set()
    assert failing(faults, "small") == set(PROMPTS)


def test_of_several_rates_the_first_that_hits_decides() -> None:
    faults = Faults([FaultRate.of("reset", 0.5), FaultRate.of("hang")])
    kinds = [faults.next("m", prompt) for prompt in PROMPTS]
    assert None not in kinds
    assert {fault.kind for fault in kinds if fault} == {FaultKind.RESET, FaultKind.HANG}


@given(
    st.sampled_from(["reset", "malformed=any", "rate_limit=3"]),
    st.floats(0, 1),
    st.integers(0, 99),
    st.booleans(),
    st.none() | st.just("m"),
)
def test_a_rate_comes_back_from_json_as_it_was(
    word: str, share: float, seed: int, first: bool, model: str | None
) -> None:
    rate = FaultRate.of(word, share, seed=seed, first_only=first, model=model)
    assert FaultRate.from_json(orjson.loads(orjson.dumps(rate))) == rate
    prompt = hashlib.blake2b(b"p").digest()
    assert rate.hits("m", prompt, 0) == rate.hits("m", prompt, 0)


# --- spoiled answers --------------------------------------------------------------------------------

ANSWER: dict[str, Any] = {"item": "버즈", "condition": "used", "price": 35000, "sold": True, "tags": ["a"]}
SAID = Said(orjson.dumps(ANSWER).decode(), Finish.STOP, 5, 9, "m")


@pytest.mark.parametrize("name", MALFORMATIONS)
def test_every_form_of_malformed_answer_may_be_ordered_and_is_the_same_for_a_prompt(name: str) -> None:
    fault = Fault.read(f"malformed={name}")
    first, second = spoiled(SAID, fault, "p"), spoiled(SAID, fault, "p")
    assert first == second
    assert first.text != SAID.text
    assert (first.finish, first.model) == (SAID.finish, SAID.model)


def test_the_prompt_decides_which_form_any_is() -> None:
    texts = {spoiled(SAID, Fault.read("malformed=any"), prompt).text for prompt in PROMPTS[:300]}
    assert len(texts) >= len(MALFORMATIONS) / 2


def test_there_are_as_many_forms_as_a_corpus_needs() -> None:
    assert len(MALFORMATIONS) >= 15


def test_free_text_is_malformed_in_the_plain_way() -> None:
    said = Said("가나 다라", Finish.STOP, 1, 1, "m")
    text = spoiled(said, Fault.read("malformed=any"), "p").text
    assert text is not None
    assert text.startswith("Sure!")
