"""The word lists of hashtags and group_topics owe nothing to the sentences that are kept for `test`."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from furrow.config.hints import hinted
from testsets import (
    group_topics,
    group_topics_held_out,
    group_topics_words,
    hashtags,
    hashtags_held_out,
    hashtags_words,
)
from testsets.common import Case
from testsets.used_goods_items import HELD_ENGLISH_STATES, HELD_STATES

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
OLDER = {
    "hashtags": {"축구": {"골키퍼"}},
    "group_topics": {
        "등산": {"산악"},
        "독서": {"reading"},
        "외국어": {"중국어", "스페인어", "프리토킹"},
        "스터디": {"토익"},
        "그림": {"스케치"},
        "악기": {"ukulele"},
        "영화": {"film"},
        "반려동물": {"고양이"},
    },
}
"""Words that stood in the lists before the held-out sentences were written, and happen to be in these. What
the lists know is to be measured; none may be added here."""
SOURCES = {
    "hashtags": (hashtags_words, hashtags_held_out),
    "group_topics": (group_topics_words, group_topics_held_out),
}


FILES = {"hashtags": ("things.csv", "cues.csv"), "group_topics": ("topics.csv",)}


def subjects(module: Any) -> tuple[Any, ...]:
    """Korean and English ones."""
    return (*getattr(module, "SUBJECTS", ()), *getattr(module, "TOPICS", ()), *module.ENGLISH)


def sentences(module: Any) -> set[str]:
    """All of its sentences."""
    return {sentence for subject in subjects(module) for sentence in subject.sentences}


def said(module: Any) -> dict[str, list[str]]:
    """Tag or topic -> every sentence and word that the generator has for it."""
    texts = defaultdict(list)
    for subject in subjects(module):
        name, words, templates = (getattr(subject, field) for field in subject.__slots__)
        texts[name] += [*words, *(template.format_map(defaultdict(lambda: "○")) for template in templates)]
    return texts


def listed(use_case: str) -> Iterable[tuple[str, str]]:
    """Every tag or topic with each word that points to it."""
    for name in FILES[use_case]:
        table = (PROMPTS / use_case / "v1" / name).read_text("utf-8")
        for row in csv.DictReader(table.splitlines()):
            yield from ((row["value"], cue) for cue in row["words"].split("|"))


def names_of(use_case: str) -> dict[str, set[str]]:
    """Tag -> its other names in the vocabulary, which are no secret; and what is older than the sentences."""
    names = defaultdict(set, {name: set(words) for name, words in OLDER[use_case].items()})
    table = PROMPTS / use_case / "v1/vocabulary.csv"
    for row in csv.DictReader(table.read_text("utf-8").splitlines()) if table.exists() else ():
        names[row["tag"]] |= set(row["aliases"].split("|"))
    return names


def only_held_out(use_case: str, cues: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """The cues that occur in held-out texts of their own tag, and in no text of `dev`."""
    known, held_out = map(said, SOURCES[use_case])
    dev = [text for texts in known.values() for text in texts]
    names = names_of(use_case)
    return {
        (name, cue)
        for name, cue in cues
        if cue not in (name, *names[name]) and hinted(held_out[name], [cue]) and not hinted(dev, [cue])
    }


@pytest.mark.parametrize("use_case", SOURCES)
def test_no_word_of_the_lists_was_taken_from_a_sentence_that_is_held_out(use_case: str) -> None:
    assert only_held_out(use_case, listed(use_case)) == set()


@pytest.mark.parametrize(
    ("use_case", "cue"), [("hashtags", ("빵집", "오픈런")), ("group_topics", ("요가", "리포머"))]
)
def test_such_a_word_would_be_found(use_case: str, cue: tuple[str, str]) -> None:
    assert only_held_out(use_case, [cue]) == {cue}


def pieces(text: str) -> set[str]:
    """Its sentences of some length, without spaces and marks."""
    bare = (re.sub(r"\W", "", sentence) for sentence in re.split(r"[.!?~\n]", text))
    return {sentence for sentence in bare if len(sentence) >= 10}


def examples(use_case: str, name: str) -> set[str]:
    """The sentences of the texts that a `classify` step learns from."""
    lines = (PROMPTS / use_case / "v1" / name).read_text("utf-8").splitlines()
    return {piece for line in lines for piece in pieces(json.loads(line)["text"])}


@pytest.mark.parametrize(
    ("generator", "field", "name"),
    [(hashtags, "body", "topics.jsonl"), (group_topics, "description", "groups.jsonl")],
    ids=["hashtags", "group_topics"],
)
def test_no_sentence_of_a_text_of_test_is_among_the_examples_of_topics(
    generator: Any, field: str, name: str
) -> None:
    texts = [str(case.input[field]) for case in generator.cases() if case.split == "test"]
    learnt = examples(generator.__name__.rpartition(".")[2], name)
    assert {piece for text in texts for piece in pieces(text)}.isdisjoint(learnt)


@pytest.mark.parametrize("held", [HELD_STATES, HELD_ENGLISH_STATES], ids=["Korean", "English"])
def test_no_way_in_which_only_test_tells_a_condition_is_among_the_examples(
    held: dict[str, tuple[str, ...]],
) -> None:
    learnt = examples("used_goods", "conditions.jsonl")
    phrases = {piece for told in held.values() for phrase in told for piece in pieces(phrase)}
    assert phrases
    assert not {phrase for phrase in phrases if any(phrase in text for text in learnt)}


@pytest.mark.parametrize("use_case", SOURCES)
def test_both_tables_tell_of_the_same_and_share_no_sentence(use_case: str) -> None:
    known, held_out = map(said, SOURCES[use_case])
    assert known.keys() == held_out.keys()
    assert sentences(SOURCES[use_case][0]).isdisjoint(sentences(SOURCES[use_case][1]))


@pytest.mark.parametrize("generator", [hashtags, group_topics])
def test_every_slice_of_some_size_is_in_both_splits(generator: Any) -> None:
    cases: list[Case] = generator.cases()
    sizes = {
        word: [case.split for case in cases if word in case.slices] for case in cases for word in case.slices
    }
    assert {word for word, splits in sizes.items() if len(splits) >= 20 and len(set(splits)) < 2} == set()
    assert {"short", "long", "english", "mixed", "copied", "location", "negation"} <= sizes.keys()


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("비글", "비글을 봤어요"), ("앵무새", "앵무새를 봤어요"), ("corgi", "corgi를 봤어요")],
)
def test_a_particle_fits_its_word(word: str, sentence: str) -> None:
    told = hashtags._told(Random(1), hashtags_words.Subject("분실동물", (word,), ("{w를} 봤어요",)))
    assert told.sentence == sentence
