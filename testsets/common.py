"""What every generator of a test set shares: cases, dice, noise, the split by family, the file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import orjson

Json = dict[str, Any]
PROMPTS = Path(__file__).resolve().parents[1] / "prompts"
SLICES = frozenset(
    [
        *("short", "long", "typos", "english", "mixed", "multi", "negation", "location", "copied", "emoji"),
        *("outside", "hard", "injection", "personal"),
    ]
)
LEAST_CASES, LEAST_FAMILIES, LEAST_ENGLISH, TEST_SHARE = 300, 12, 0.10, 1 / 3
SLICE_IN_BOTH = 20


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled input, as a line of a test set.

    expected: result field -> value; slices: what kinds of input it stands for, out of SLICES; family: the
    template that its text was written from; forbidden: texts that must never come out.
    """

    id: str
    input: Json
    expected: Json
    slices: tuple[str, ...] = ()
    split: str | None = None
    family: str | None = None
    forbidden: tuple[str, ...] = field(default=())

    def line(self) -> bytes:
        """The case as JSON in one line, what is empty left out."""
        written: Json = {"id": self.id, "input": self.input, "expected": self.expected}
        optional = {
            "slices": list(self.slices),
            "split": self.split,
            "family": self.family,
            "forbidden": list(self.forbidden),
        }
        return orjson.dumps(written | {name: value for name, value in optional.items() if value})


def dice(use_case: str, purpose: str = "testset") -> Random:
    """The seeded generator of a use case: the same draws on every machine."""
    return Random(f"furrow/{use_case}/{purpose}")


def timestamp(rng: Random) -> str:
    """A moment of November 2026 in Korea, ISO 8601 with offset."""
    start = datetime(2026, 11, 1, tzinfo=timezone(timedelta(hours=9)))
    return (start + timedelta(seconds=rng.randrange(23 * 86_400))).isoformat()


# --- noise: nothing that stands in `keep` is touched --------------------------------------------------

_LAUGHS = ("ㅎㅎ", "ㅋㅋ", "ㅠㅠ", "ㅠ", "ㅋㅋㅋ", "ㅜㅜ", "ㅎ")
_EMOJI = ("😊", "🙏", "✨", "🔥", "👍", "😭", "❤️", "🙌", "👀", "🎉")
_SLIPS = (
    ("했", "햇"),
    ("됐", "됬"),
    ("있", "잇"),
    ("없", "업"),
    ("않", "안"),
    ("괜찮", "괜찬"),
    ("습니다", "슴니다"),
    ("네요", "내요"),
    ("데", "대"),
    ("같", "갓"),
    ("되", "돼"),
    ("예요", "에요"),
    ("합니다", "함니다"),
    ("아요", "아여"),
    ("어요", "어여"),
)


def typos(rng: Random, text: str, keep: Iterable[str] = (), most: int = 3) -> str:
    """Up to `most` misspellings as Korean thumbs make them, or two letters of an English word swapped."""
    words = _words(text)
    for place in _shuffled(rng, _free(words, keep)):
        slipped = _slip(rng, words[place])
        if slipped != words[place] and most > 0:
            words[place], most = slipped, most - 1
    return "".join(words)


def _slip(rng: Random, word: str) -> str:
    for right, wrong in _SLIPS:
        if right in word:
            return word.replace(right, wrong, 1)
    if re.fullmatch(r"[a-z]{4,}", word):
        place = rng.randrange(1, len(word) - 2)
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word


def spacing(rng: Random, text: str, keep: Iterable[str] = (), share: float = 0.4) -> str:
    """The text with a share of its spaces left out (띄어쓰기), not beside what is kept."""
    words = _words(text)
    free = set(_free(words, keep))
    for place in range(1, len(words) - 1):
        if words[place] == " " and {place - 1, place + 1} <= free and rng.random() < share:
            words[place] = ""
    return "".join(words)


def jamo(rng: Random, text: str, most: int = 2) -> str:
    """The text with laughs and tears (ㅋㅋ, ㅠㅠ) after some of its sentences."""
    return _after_sentences(rng, text, _LAUGHS, most)


def emoji(rng: Random, text: str, most: int = 3) -> str:
    """The text with emoji after some of its sentences."""
    return _after_sentences(rng, text, _EMOJI, most)


def _after_sentences(rng: Random, text: str, marks: Sequence[str], most: int) -> str:
    ends = [found.end() for found in re.finditer(r"[^\d\s][.!~?](?=\s)|\S(?=\n|$)", text)]
    chosen = rng.sample(ends, min(len(ends), rng.randint(1, most)))
    for place in sorted(chosen, reverse=True):
        text = f"{text[:place]} {rng.choice(marks)}{text[place:]}"
    return text


def _words(text: str) -> list[str]:
    return re.split(r"(\s)", text)


def _free(words: Sequence[str], keep: Iterable[str]) -> list[int]:
    """Places of the words in which nothing that is kept stands, not even a part of it."""
    text, spans, start = "".join(words), [], 0
    for kept in filter(None, keep):
        spans += [(found.start(), found.end()) for found in re.finditer(re.escape(kept), text)]
    free: list[int] = []
    for place, word in enumerate(words):
        end = start + len(word)
        if word and not any(start < last and first < end for first, last in spans):
            free.append(place)
        start = end
    return free


def _shuffled(rng: Random, values: Iterable[int]) -> list[int]:
    mixed = list(values)
    rng.shuffle(mixed)
    return mixed


def has_final(word: str) -> bool:
    """Whether a Hangul word ends in a consonant, so that it takes 이, 을, 은 and not 가, 를, 는."""
    last = word[-1]
    return "가" <= last <= "힣" and (ord(last) - ord("가")) % 28 > 0


def particle(word: str, pair: str) -> str:
    """The word with the particle that fits it; `pair` names both, that after a consonant first: `을를`."""
    return word + (pair[0] if has_final(word) else pair[1])


def won_text(rng: Random, won: int) -> str:
    """An amount in won as people write it: `35,000원`, `3만5천원`, `3.5만`, `만원`."""
    if won == 0:
        return "무료나눔"
    man, rest = divmod(won, 10_000)
    thousands = rest // 1000
    forms = [f"{won:,}원", f"{won}원"]
    if man and not rest:
        forms += [f"{man}만원", f"{man}만", f"{man}만 원"]
    elif man and rest % 1000 == 0:
        forms += [f"{man}만 {thousands}천원", f"{man}만{thousands}천원", f"{man}.{thousands}만"]
    elif not man and rest % 1000 == 0:
        forms += [f"{thousands}천원", f"{thousands}천"]
    return rng.choice(forms)


def noisy(rng: Random, text: str, keep: list[str]) -> tuple[str, tuple[str, ...]]:
    """Every fourth text is misspelt, some have emoji or jamo; and what slices that makes."""
    chance = rng.random()
    if chance < 0.25:
        return spacing(rng, typos(rng, text, keep), keep, 0.2), ("typos",)
    if chance < 0.4:
        return emoji(rng, text), ("emoji",)
    return (jamo(rng, text) if chance < 0.6 else text), ()


# --- the file ------------------------------------------------------------------------------------------


def numbered(cases: Iterable[Case], prefix: str) -> list[Case]:
    """The cases with ids in their order: `ht-g001`, `ht-g002`, …"""
    return [replace(case, id=f"{prefix}-g{number:03}") for number, case in enumerate(cases, 1)]


def split_by_family(
    cases: Iterable[Case],
    use_case: str,
    test_share: float = TEST_SHARE,
    strata: Callable[[Case], Iterable[str]] | None = None,
) -> list[Case]:
    """The cases with `split` set, whole families at a time, about `test_share` of them to `test`.

    strata: what each split shall have cases of, such as the slices of a case.
    """
    listed = list(cases)
    of_family: dict[str, set[str]] = {}
    for case in listed:
        of_family.setdefault(str(case.family), set()).update(strata(case) if strata else ())
    sizes = Counter(str(case.family) for case in listed)
    held_out = held_out_families(sizes, use_case, test_share, of_family)
    return [replace(case, split="test" if str(case.family) in held_out else "dev") for case in listed]


def held_out_families(
    sizes: Mapping[str, int],
    use_case: str,
    test_share: float = TEST_SHARE,
    strata: Mapping[str, Collection[str]] | None = None,
) -> set[str]:
    """The families that go to `test`, by their numbers of cases: known before a text is written, so that a
    generator can keep some of its sentences for them.

    strata: family -> what it has cases of. Of all that two families have, one of them is held out and one is
    not, where that can be; this comes before the share.
    """
    families = sorted(sizes)
    dice(use_case, "split").shuffle(families)
    held_out = _one_of_each(families, strata or {})
    room = round(sum(sizes.values()) * test_share * 1.1) - sum(sizes[family] for family in held_out)
    for family in families:
        if family not in held_out and sizes[family] <= room and _spared(family, held_out, strata or {}):
            held_out.add(family)
            room -= sizes[family]
    return held_out


def _one_of_each(families: Sequence[str], strata: Mapping[str, Collection[str]]) -> set[str]:
    """A family for each stratum, the rarest stratum first."""
    counts = Counter(word for family in families for word in strata.get(family, ()))
    held_out: set[str] = set()
    for word in sorted(counts, key=lambda word: (counts[word], word)):
        having = [family for family in families if word in strata.get(family, ())]
        able = [family for family in having if _spared(family, held_out, strata)]
        if held_out.isdisjoint(having) and able:
            held_out.add(able[0])
    return held_out


def _spared(family: str, held_out: Collection[str], strata: Mapping[str, Collection[str]]) -> bool:
    """Whether `dev` keeps another family for each stratum of this one."""
    left = [strata[other] for other in strata if other != family and other not in held_out]
    return all(any(word in words for words in left) for word in strata.get(family, ()))


def faults(cases: Collection[Case], slices_in_both: bool = False) -> list[str]:
    """What keeps these cases from being a test set, in words; none: they are one.

    slices_in_both: a slice of SLICE_IN_BOTH cases or more has to be in both splits.
    """
    checks: list[Callable[[Collection[Case]], Iterable[str]]] = [_ids, _sizes, _families, _slices, _repeats]
    if slices_in_both:
        checks.append(_one_sided)
    return [fault for check in checks for fault in check(cases)]


def _ids(cases: Collection[Case]) -> Iterable[str]:
    for name, count in Counter(case.id for case in cases).items():
        if count > 1:
            yield f"the id {name} stands {count} times"


def _sizes(cases: Collection[Case]) -> Iterable[str]:
    if len(cases) < LEAST_CASES:
        yield f"{len(cases)} cases; {LEAST_CASES} are wanted"
    english = sum(1 for case in cases if {"english", "mixed"} & set(case.slices))
    if english < LEAST_ENGLISH * len(cases):
        yield f"{english} of {len(cases)} cases are English or mixed; {LEAST_ENGLISH:.0%} are wanted"


def _families(cases: Collection[Case]) -> Iterable[str]:
    places: dict[str | None, set[str | None]] = {}
    for case in cases:
        places.setdefault(case.family, set()).add(case.split)
    if len(places) < LEAST_FAMILIES:
        yield f"{len(places)} families; {LEAST_FAMILIES} are wanted"
    for family, splits in places.items():
        if len(splits) > 1 or not splits <= {"dev", "test"}:
            yield f"the family {family} is in the splits {sorted(map(str, splits))}"
    if set.union(*places.values(), set()) < {"dev", "test"}:
        yield "one of the splits is empty"


def _slices(cases: Collection[Case]) -> Iterable[str]:
    for word in sorted({word for case in cases for word in case.slices} - SLICES):
        yield f"{word} is no slice; there are {', '.join(sorted(SLICES))}"


def _one_sided(cases: Collection[Case]) -> Iterable[str]:
    splits: dict[str, list[str | None]] = {}
    for case in cases:
        for word in case.slices:
            splits.setdefault(word, []).append(case.split)
    for word, found in splits.items():
        if len(found) >= SLICE_IN_BOTH and len(set(found)) < 2:
            yield f"all {len(found)} cases of the slice {word} are in {found[0]}"


def _repeats(cases: Collection[Case]) -> Iterable[str]:
    first: dict[str, str] = {}
    for case in cases:
        if (other := first.setdefault(said(case), case.id)) != case.id:
            yield f"{case.id} has the same input as {other}"


def said(case: Case) -> str:
    """What a case says, to tell repeats: all of its record but the key and the time."""
    told = {name: value for name, value in case.input.items() if not name.endswith(("_id", "_at"))}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()


def as_lines(cases: Iterable[Case]) -> bytes:
    """The text of a test set."""
    return b"".join(case.line() + b"\n" for case in cases)


def path_of(use_case: str, name: str = "testset.jsonl") -> Path:
    """Where the generated test set of a use case lies."""
    return PROMPTS / use_case / name
