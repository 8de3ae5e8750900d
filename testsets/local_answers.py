"""Cases of local_answers: a fact of a notice is drawn first, then somebody asks for it; or for what nobody knows.

The splits share neither a question nor a town, so that no document answers in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from testsets.common import (
    Case,
    dice,
    emoji,
    held_out_families,
    jamo,
    numbered,
    particle,
    spacing,
    split_by_family,
    timestamp,
    typos,
)
from testsets.local_documents import TOPICS, TOWNS, Fact, Notice, notices
from testsets.local_questions import (
    DETAIL,
    DETAIL_ENGLISH,
    ENGLISH,
    KOREAN,
    NOWHERE,
    NOWHERE_ENGLISH,
    BySplit,
)

Json = dict[str, Any]
USE_CASE = "local_answers"
EACH_FAMILY, TEST_SHARE = 12, 0.37
SLICES_IN_BOTH = True
TOWNS_OF = {"dev": TOWNS[:3], "test": TOWNS[3:]}
UNANSWERED: Mapping[tuple[str, str], BySplit] = {
    ("nowhere", "ko"): NOWHERE,
    ("nowhere", "en"): NOWHERE_ENGLISH,
    ("detail", "ko"): DETAIL,
    ("detail", "en"): DETAIL_ENGLISH,
}
"""What is asked for that no notice says, and the language -> the questions."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the notice and the fact that it is about. Of what no notice says, these are any.

    beside: a question for another fact of the notice.
    """

    split: str
    notice: Notice
    fact: Fact
    question: str
    beside: str

    @property
    def town(self) -> str:
        """Where the asker lives."""
        return self.notice.town

    @property
    def answer(self) -> str:
        """The words that answer."""
        return self.notice.values[self.fact.name]


@dataclass(frozen=True, slots=True)
class Family:
    """One way to ask. about: `known`, or why no notice answers (`nowhere`, `detail`, `other_town`)."""

    name: str
    writes: Callable[[Random, Asked], str]
    slices: tuple[str, ...] = ()
    about: str = "known"
    language: str = "ko"
    size: int = EACH_FAMILY


def _plain(rng: Random, asked: Asked) -> str:
    return asked.question


def _greeting(rng: Random, asked: Asked) -> str:
    return f"{rng.choice(['안녕하세요~', '안녕하세요!', '반갑습니다'])} {asked.question}"


def _moved_in(rng: Random, asked: Asked) -> str:
    when = rng.choice(["지난주에", "얼마 전에", "어제", "한 달 전에"])
    return f"{when} 이사 왔는데 아직 잘 몰라서요. {asked.question} 감사합니다"


def _with_town(rng: Random, asked: Asked) -> str:
    return f"{asked.town} {asked.question}"


def _here_in(rng: Random, asked: Asked) -> str:
    return f"{asked.question} {asked.town} 기준으로 알려주세요"


def _title_only(rng: Random, asked: Asked) -> str:
    return f"{asked.notice.topic.title} 질문이요. {asked.question}"


def _long_story(rng: Random, asked: Asked) -> str:
    story = rng.choice(
        [
            "저희 어머니가 며칠 전부터 물어보시는데 제가 일하느라 알아볼 시간이 없었어요. 여기저기 찾아봐도"
            " 옛날 글만 나오고 전화는 계속 통화 중이라서 여기에 여쭤봅니다.",
            "주말마다 아이랑 동네를 걸어 다니는데 표지판이 바뀌어서 헷갈리더라고요. 옆집 분도 모르신다고 하고"
            " 관리사무소도 잘 모르겠다고 해서 아시는 분께 부탁드려요.",
        ]
    )
    return f"{story} {asked.question} 미리 감사드립니다."


def _long_day(rng: Random, asked: Asked) -> str:
    return (
        f"{asked.question} 오늘 하루 종일 이것 때문에 신경이 쓰였네요. 아침에 나가다가 이웃 분께 여쭤봤더니 본인도 작년에"
        " 바뀐 뒤로는 잘 모르신대요. 인터넷 카페에는 사람마다 말이 다르고요. 저처럼 헤매는 분이 또 계실 것 같아"
        " 글을 남깁니다. 답글 달아주시면 다른 분들께도 도움이 될 거예요."
    )


def _slipped(rng: Random, asked: Asked) -> str:
    return spacing(rng, typos(rng, f"혹시 {asked.question} 알고 계신 분 있으면 알려주세요"), share=0.6)


def _rushed(rng: Random, asked: Asked) -> str:
    return spacing(rng, typos(rng, f"{asked.question} 급하게 쓰느라 오타 있어도 이해해 주세요"), share=0.3)


def _laughing(rng: Random, asked: Asked) -> str:
    return jamo(rng, f"{asked.question} 저만 모르나요")


def _with_emoji(rng: Random, asked: Asked) -> str:
    return emoji(rng, f"궁금한 게 있어요 {asked.question}")


def _blessing(rng: Random, asked: Asked) -> str:
    return emoji(rng, f"{asked.question}\n답 주시는 분 복 많이 받으실 거예요")


def _not_that(rng: Random, asked: Asked) -> str:
    others = [fact for fact in asked.notice.topic.facts if fact.name != asked.fact.name]
    thing = {"fee": "요금", "hours": "시간", "day": "요일", "closed": "휴관일", "hour": "시간"}
    other = thing.get(rng.choice(others).name, "다른 것")
    return f"{particle(other, '은는')} 이미 알아요, 그거 말고요. {asked.question}"


def _other_topic(rng: Random, asked: Asked) -> str:
    topic = rng.choice([topic for topic in TOPICS if topic.name != asked.notice.topic.name])
    return f"{topic.title} 얘기가 아니라요. {asked.question}"


def _copied(rng: Random, asked: Asked) -> str:
    block = rng.choice(
        [
            "[동네 소식] 이번 주 날씨는 맑겠습니다. 주말 나들이 조심하세요.",
            "RE: RE: 지난번 글 복사합니다 ↓↓ 답이 없어서요",
        ]
    )
    return f"{block}\n---\n{asked.question}"


def _pasted(rng: Random, asked: Asked) -> str:
    return f"<단톡방에서 퍼온 질문>\n{asked.question}\n<끝> 저도 궁금하네요"


def _two_at_once(rng: Random, asked: Asked) -> str:
    return f"{asked.question} 그리고 {asked.beside}"


def _numbered_pair(rng: Random, asked: Asked) -> str:
    return f"두 가지 여쭤볼게요.\n1) {asked.question}\n2) {asked.beside}"


def _english_polite(rng: Random, asked: Asked) -> str:
    return f"Hi, I just moved to {asked.town}. {asked.question} Thank you!"


def _english_story(rng: Random, asked: Asked) -> str:
    return (
        "I have been living here for two months and I still get lost in these things. My neighbour is very kind,"
        " but we do not share a language, and the paper on the wall downstairs is too small to read."
        f" {asked.question} Any answer helps, and sorry for writing in English."
    )


def _mixed(rng: Random, asked: Asked) -> str:
    return f"혹시 아시는 분? {asked.question} 한국어가 서툴러요"


def _mixed_sorry(rng: Random, asked: Asked) -> str:
    return f"{asked.question} 영어로 물어봐서 죄송해요, 답은 한국어로 주셔도 괜찮아요"


def _resident(rng: Random, asked: Asked) -> str:
    return f"안녕하세요 {asked.town} 사는 주민입니다. {asked.question} 꼭 좀 알려주세요"


def _third_time(rng: Random, asked: Asked) -> str:
    return f"세 번째 올리는 글이에요ㅠㅠ {asked.question} 아무도 모르시나요"


def _other_town(rng: Random, asked: Asked) -> str:
    other = _town_next_door(rng, asked)
    return f"{other} 쪽으로 알아보는 중이에요. {other} {asked.question}"


def _parents_town(rng: Random, asked: Asked) -> str:
    other = _town_next_door(rng, asked)
    return f"부모님이 {other}에 사셔서 대신 여쭤봐요. {asked.question} {other} 분들 알려주세요"


def _town_next_door(rng: Random, asked: Asked) -> str:
    return rng.choice([town for town in TOWNS_OF[asked.split] if town != asked.town])


FAMILIES = (
    Family("plain", _plain, ("short",)),
    Family("greeting", _greeting, ("short",)),
    Family("moved_in", _moved_in),
    Family("title_only", _title_only),
    Family("with_town", _with_town, ("short", "location")),
    Family("here_in", _here_in, ("location",)),
    Family("long_story", _long_story, ("long",)),
    Family("long_day", _long_day, ("long",)),
    Family("slipped", _slipped, ("typos",)),
    Family("rushed", _rushed, ("typos",)),
    Family("laughing", _laughing, ("typos", "short")),
    Family("with_emoji", _with_emoji, ("emoji", "short")),
    Family("blessing", _blessing, ("emoji",)),
    Family("not_that", _not_that, ("negation",)),
    Family("other_topic", _other_topic, ("negation",)),
    Family("copied", _copied, ("copied",)),
    Family("pasted", _pasted, ("copied",)),
    Family("two_at_once", _two_at_once, ("multi",)),
    Family("numbered_pair", _numbered_pair, ("multi",)),
    Family("english", _plain, ("english", "short"), language="en"),
    Family("english_polite", _english_polite, ("english",), language="en"),
    Family("english_story", _english_story, ("english", "long"), language="en"),
    Family("mixed", _mixed, ("mixed",), language="en"),
    Family("mixed_sorry", _mixed_sorry, ("mixed",), language="en"),
    Family("nowhere", _plain, ("short",), "nowhere", size=20),
    Family("nowhere_long", _resident, (), "nowhere", size=20),
    Family("nowhere_english", _plain, ("english", "short"), "nowhere", "en"),
    Family("nowhere_english_polite", _english_polite, ("english",), "nowhere", "en"),
    Family("detail", _plain, ("short",), "detail", size=20),
    Family("detail_again", _third_time, (), "detail", size=20),
    Family("detail_english", _plain, ("english", "short"), "detail", "en"),
    Family("detail_english_polite", _english_polite, ("english",), "detail", "en"),
    Family("other_town", _other_town, ("location",), "other_town"),
    Family("parents_town", _parents_town, ("location",), "other_town"),
)


def cases() -> list[Case]:
    """The generated test set, the same at each call."""
    rng = dice(USE_CASE)
    held_out = held_out_families(
        {family.name: family.size for family in FAMILIES},
        USE_CASE,
        TEST_SHARE,
        {family.name: _strata(family) for family in FAMILIES},
    )
    decks = {split: Deck(rng, split) for split in TOWNS_OF}
    found = [
        _case(rng, family, decks["test" if family.name in held_out else "dev"])
        for family in FAMILIES
        for _ in range(family.size)
    ]
    named = {family.name: family for family in FAMILIES}
    return split_by_family(
        numbered(found, "la"), USE_CASE, TEST_SHARE, lambda case: _strata(named[str(case.family)])
    )


def _strata(family: Family) -> tuple[str, ...]:
    """What both splits shall have: each slice of what is known and of what is not, in each language."""
    known = "known" if family.about == "known" else "unknown"
    return (f"{family.about} {family.language}", *(f"{known} {word}" for word in family.slices or ("bare",)))


@dataclass
class Deck:
    """The questions of one split, each dealt once."""

    rng: Random
    split: str
    left: dict[tuple[str, str], list[Any]] = field(default_factory=dict)

    def deal(self, about: str, language: str) -> Asked:
        """The next question of a kind. Raises IndexError when all have been dealt."""
        if (about, language) in UNANSWERED:
            question = self._next((about, language), list(UNANSWERED[about, language][self.split]))
            notice = self.rng.choice(self._notices())
            return Asked(self.split, notice, notice.topic.facts[0], question, "")
        notice, fact, question = self._next(("known", language), self._known(language))
        others = [other for other in notice.topic.facts if other.name != fact.name]
        beside = self.rng.choice(_questions(language, notice, self.rng.choice(others), self.split))
        return Asked(self.split, notice, fact, question, beside)

    def _next(self, kind: tuple[str, str], every: list[Any]) -> Any:
        if kind not in self.left:
            self.rng.shuffle(every)
            self.left[kind] = every
        return self.left[kind].pop()

    def _known(self, language: str) -> list[tuple[Notice, Fact, str]]:
        return [
            (notice, fact, question)
            for notice in self._notices()
            for fact in notice.topic.facts
            for question in _questions(language, notice, fact, self.split)
        ]

    def _notices(self) -> list[Notice]:
        return [notice for notice in notices() if notice.town in TOWNS_OF[self.split]]


def _questions(language: str, notice: Notice, fact: Fact, split: str) -> Sequence[str]:
    every = KOREAN if language == "ko" else ENGLISH
    return every[f"{notice.topic.name}.{fact.name}"][split]


def _case(rng: Random, family: Family, deck: Deck) -> Case:
    asked = deck.deal(family.about, family.language)
    record = {
        "question_id": f"q{rng.randrange(10**8):08}",
        "town": asked.town,
        "question": family.writes(rng, asked),
        "asked_at": timestamp(rng),
    }
    return Case("", record, _expected(asked, family), family.slices, family=family.name)


def _expected(asked: Asked, family: Family) -> Json:
    """Of two questions at once either answer is right, so that only the document is labelled."""
    if family.about != "known":
        return {"known": False, "answer": None, "citations": []}
    labelled: Json = {"known": True, "citations": [asked.notice.id]}
    return labelled if "multi" in family.slices else labelled | {"answer": asked.answer}
