"""Synthetic groups: topics, ages and gender are drawn, then a name and a description are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from testsets import group_topics_held_out as held_out
from testsets import group_topics_words as known
from testsets.common import Case, dice, noisy, numbered, timestamp
from testsets.group_topics_words import (
    AGES,
    ANY_AGE,
    CHATTER,
    ENGLISH_AGES,
    ENGLISH_GENDERS,
    GENDERS,
    PLACES,
    Topic,
)

EACH_FAMILY = 13


@dataclass(frozen=True, slots=True)
class Told:
    """One topic as a group tells it: a word for its name, a sentence for its description."""

    topic: str
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Group:
    """What is true, and the words for it. ages, gender_text: "" when the group does not say."""

    first: Told
    second: Told
    absent: Topic
    ages: str
    least: int | None
    most: int | None
    gender: str
    gender_text: str
    chatter: tuple[str, ...]
    place: str

    @property
    def whom(self) -> str:
        """Whom it wants, as two short sentences with a blank before them."""
        return "".join(f" {text}." for text in (self.ages, self.gender_text) if text)


@dataclass(frozen=True, slots=True)
class Page:
    """The written group: name, description, topics, and what else holds after writing."""

    name: str
    description: str
    topics: tuple[str, ...]
    group: Group


Family = Callable[[Group, Random], Page]


def draw(rng: Random, english: bool, test: bool) -> Group:
    """One truth, in the words that are for `test` or in those for `dev`. A third of the groups say no age,
    a third no gender."""
    words = held_out if test else known
    first, second, absent = rng.sample(words.ENGLISH if english else words.TOPICS, 3)
    ages, least, most = _ages(rng, english)
    gender, gender_text = _gender(rng, english)
    chatter = tuple(rng.sample(CHATTER, 3))
    told = _told(rng, first), _told(rng, second)
    return Group(*told, absent, ages, least, most, gender, gender_text, chatter, rng.choice(PLACES))


def _told(rng: Random, topic: Topic) -> Told:
    return Told(topic.topic, rng.choice(topic.names), rng.choice(topic.sentences))


def _ages(rng: Random, english: bool) -> tuple[str, int | None, int | None]:
    chance = rng.random()
    if chance < 0.2:
        return "", None, None
    if chance < 0.33:
        return ("Any age" if english else rng.choice(ANY_AGE)), None, None
    return rng.choice(ENGLISH_AGES if english else AGES)


def _gender(rng: Random, english: bool) -> tuple[str, str]:
    if rng.random() < 0.33:
        return "unknown", ""
    genders = ENGLISH_GENDERS if english else GENDERS
    gender = rng.choice(list(genders))
    return gender, rng.choice(genders[gender])


def _one(g: Group, name: str, description: str) -> Page:
    return Page(name, description, (g.first.topic,), g)


def _both(g: Group, name: str, description: str) -> Page:
    return Page(name, description, (g.first.topic, g.second.topic), g)


def plain(g: Group, rng: Random) -> Page:
    return _one(g, f"{g.place} {g.first.name}", f"{g.first.sentence}.{g.whom} {g.chatter[0]}")


def age_in_name(g: Group, rng: Random) -> Page:
    name = f"{g.ages} {g.first.name} 모임".strip()
    return _one(g, name, f"{g.first.sentence}. {g.gender_text or g.chatter[0]}")


def terse(g: Group, rng: Random) -> Page:
    return _one(g, g.first.name, f"{g.first.sentence}.{g.whom}")


def name_hides(g: Group, rng: Random) -> Page:
    name = rng.choice(("주말의 발견", "우리끼리", "느긋한 사람들", "모여라 이웃", "화요일의 친구들"))
    return _one(g, name, f"{g.first.sentence}.{g.whom} 장소는 {g.place}이에요")


def two(g: Group, rng: Random) -> Page:
    return _both(
        g, f"{g.place} {g.first.name}·{g.second.name}", f"{g.first.sentence}. {g.second.sentence}.{g.whom}"
    )


def two_in_text(g: Group, rng: Random) -> Page:
    return _both(
        g, f"{g.place} 모임", f"홀수 주에는 {g.first.sentence}. 짝수 주에는 {g.second.sentence}.{g.whom}"
    )


def three_lines(g: Group, rng: Random) -> Page:
    ages, gender = g.ages or "안 적음", g.gender_text or "안 적음"
    text = f"[하는 일] {g.first.sentence}\n[나이] {ages}\n[성별] {gender}\n[기타] {g.chatter[0]}"
    return _one(g, f"{g.first.name} {g.place}", text)


def long_intro(g: Group, rng: Random) -> Page:
    text = (
        f"안녕하세요! {g.place}에서 시작한 지 이 년 된 모임입니다. 처음에는 셋이서 만났는데 지금은 꽤 커졌어요. {g.first.sentence}. "
        f"{g.chatter[0]}. {g.chatter[1]}.{g.whom} 처음 오시는 분도 금방 적응하실 거예요. {g.chatter[2]}. 질문은 채팅으로 주세요. 곧 뵐게요!"
    )
    return _one(g, f"{g.place} {g.first.name} 클럽", text)


def long_two(g: Group, rng: Random) -> Page:
    text = (
        f"모임 소개입니다. {g.chatter[0]}. 우리는 두 가지를 합니다. 먼저 {g.first.sentence}. 그다음 {g.second.sentence}. "
        f"둘 중 하나만 하셔도 돼요.{g.whom} {g.chatter[1]}. {g.chatter[2]}. 즐겁게 오래 보면 좋겠습니다."
    )
    return _both(g, f"{g.place} 취미방", text)


def denied(g: Group, rng: Random) -> Page:
    return _one(g, f"{g.place} 모임", f"{g.absent.topic} 모임 아니에요! {g.first.sentence}.{g.whom}")


def moved_on(g: Group, rng: Random) -> Page:
    return _one(
        g,
        f"{g.place} {g.first.name}",
        f"예전에는 {g.absent.topic} 모임이었는데 이제 안 해요. {g.first.sentence}.{g.whom}",
    )


def not_that_age(g: Group, rng: Random) -> Page:
    """The ages of the founder are no ages of the group."""
    text = f"방장은 마흔이 넘었어요. {g.first.sentence}. 나이는 안 봅니다. {g.gender_text or g.chatter[0]}"
    return _one(replace(g, least=None, most=None), f"{g.first.name}", text)


def meeting_place(g: Group, rng: Random) -> Page:
    place = rng.choice(("볼링장 건너편", "도서관 앞", "애견샵 옆 건물", "수영장 주차장"))
    return _one(g, f"{g.place} {g.first.name}", f"{place}에서 모여요. {g.first.sentence}.{g.whom}")


def after_party(g: Group, rng: Random) -> Page:
    return _one(
        g, f"{g.first.name} {g.place}점", f"{g.first.sentence}.{g.whom} 건너편 카페 건물 2층이 연습실이에요"
    )


def copied(g: Group, rng: Random) -> Page:
    rule = "※ 모임 규칙: 존댓말 사용, 정치 이야기 금지, 금전 거래 금지, 무단 불참 3회 시 탈퇴 ※"
    return _one(g, f"{g.first.name} 공지", f"{rule}\n{g.first.sentence}.{g.whom}\n{rule}")


def pasted(g: Group, rng: Random) -> Page:
    text = (
        f"(다른 방에서 옮김)\n> {g.first.sentence}\n> {g.second.sentence}\n{g.whom.strip() or g.chatter[0]}"
    )
    return _both(g, f"{g.place}방", text)


def numbers(g: Group, rng: Random) -> Page:
    """Other numbers: members, fees, hours."""
    text = f"회원 40명, 회비 2000원, 20시 시작. {g.first.sentence}.{g.whom}"
    return _one(g, f"{g.place} {g.first.name} 2기", text)


def exclaiming(g: Group, rng: Random) -> Page:
    return _one(g, f"★{g.first.name}★", f"신입 모집!!! {g.first.sentence}!!{g.whom} {g.chatter[0]}!!")


def question(g: Group, rng: Random) -> Page:
    return _one(g, f"{g.first.name} 하실 분?", f"혼자 하기 심심하지 않으세요? {g.first.sentence}.{g.whom}")


def unknown(g: Group, rng: Random) -> Page:
    text = f"{g.chatter[0]}. {g.chatter[1]}.{g.whom} 자세한 내용은 들어와서 보세요"
    return Page(f"{g.place} 비밀방", text, ("unknown",), g)


def nothing_said(g: Group, rng: Random) -> Page:
    silent = replace(g, least=None, most=None, gender="unknown")
    return Page(
        f"{g.place} " + rng.choice(("우리방", "테스트", "ㅇㅇ", "새 모임")),
        rng.choice((g.chatter[0], "", "준비 중")),
        ("unknown",),
        silent,
    )


def english(g: Group, rng: Random) -> Page:
    return _one(g, f"{g.place} {g.first.name}", f"{g.first.sentence}.{g.whom} DM to join!")


def english_two(g: Group, rng: Random) -> Page:
    return _both(g, "Weekend friends", f"{g.first.sentence}. {g.second.sentence}.{g.whom}")


def mixed(g: Group, rng: Random) -> Page:
    return _one(
        g, f"{g.first.name} 모임", f"외국인 이웃도 환영! {g.first.sentence}.{g.whom} 한국어 몰라도 괜찮아요"
    )


def mixed_aloud(g: Group, rng: Random) -> Page:
    text = f"외국인도 오세요, everyone is welcome. {g.first.sentence}.{g.whom} 모르는 말은 알려 드려요, no worries"
    return _one(g, f"{g.place} friends, {g.first.name}", text)


FAMILIES: dict[Family, tuple[str, ...]] = {
    plain: (),
    age_in_name: (),
    terse: ("short",),
    name_hides: (),
    two: ("multi",),
    two_in_text: ("multi",),
    three_lines: (),
    long_intro: ("long",),
    long_two: ("long", "multi"),
    denied: ("negation",),
    moved_on: ("negation",),
    not_that_age: ("negation",),
    meeting_place: ("location",),
    after_party: ("location",),
    copied: ("copied",),
    pasted: ("copied", "multi"),
    numbers: (),
    exclaiming: (),
    question: (),
    unknown: (),
    nothing_said: ("short",),
    english: ("english",),
    english_two: ("english", "multi"),
    mixed: ("mixed",),
    mixed_aloud: ("mixed",),
}
HELD_OUT = frozenset(
    {terse, name_hides, long_two, moved_on, meeting_place, copied, unknown, english, mixed_aloud}
)
"""The families that are `test`: chosen so that every slice that has two families is on both sides."""


def cases() -> list[Case]:
    """The generated test set."""
    rng = dice("group_topics")
    drawn = [pair for pair in FAMILIES.items() for _ in range(EACH_FAMILY)]
    return numbered((_case(rng, family, slices) for family, slices in drawn), "gt")


def _case(rng: Random, family: Family, slices: tuple[str, ...]) -> Case:
    split = "test" if family in HELD_OUT else "dev"
    page = family(draw(rng, bool({"english", "mixed"} & set(slices)), split == "test"), rng)
    group = page.group
    kept = [text for text in (group.ages, group.gender_text) if text]
    description, noise = noisy(rng, page.description, kept)
    record = {
        "group_id": f"g{rng.randrange(10**8):08}",
        "name": page.name,
        "description": description,
        "created_at": timestamp(rng),
    }
    expected = {
        "age_min": group.least,
        "age_max": group.most,
        "gender": group.gender,
        "topics": list(page.topics),
    }
    return Case("", record, expected, (*slices, *noise), split, family.__name__)
