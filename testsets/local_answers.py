"""Cases of local_answers: a fact of a notice is drawn first, then somebody asks for it; or for what nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from testsets.common import Case, dice, emoji, jamo, particle, spacing, split_by_family, timestamp, typos
from testsets.local_documents import TOWNS, Fact, Notice, notices

Json = dict[str, Any]
USE_CASE = "local_answers"
COUNT = 360


@dataclass(frozen=True, slots=True)
class Truth:
    """A notice and the fact that is asked for."""

    notice: Notice
    fact: Fact

    @property
    def answer(self) -> str:
        """The words that answer."""
        return self.notice.values[self.fact.name]


@dataclass(frozen=True, slots=True)
class Family:
    """One way to ask. writes: the question's text; known: whether the documents answer it."""

    name: str
    writes: Callable[[Random, Truth], str]
    slices: tuple[str, ...] = ()
    known: bool = True
    weight: int = 1


def _asked(rng: Random, truth: Truth) -> str:
    return rng.choice(list(truth.fact.asked))


def _plain(rng: Random, truth: Truth) -> str:
    return _asked(rng, truth)


def _greeting(rng: Random, truth: Truth) -> str:
    return f"{rng.choice(['안녕하세요~', '안녕하세요!', '반갑습니다'])} {_asked(rng, truth)}"


def _moved_in(rng: Random, truth: Truth) -> str:
    when = rng.choice(["지난주에", "얼마 전에", "어제", "한 달 전에"])
    return f"{when} 이사 왔는데 아직 잘 몰라서요. {_asked(rng, truth)} 감사합니다"


def _with_town(rng: Random, truth: Truth) -> str:
    return f"{truth.notice.town} {_asked(rng, truth)}"


def _title_only(rng: Random, truth: Truth) -> str:
    return f"{truth.notice.topic.title} 질문이요. {_asked(rng, truth)}"


def _long_story(rng: Random, truth: Truth) -> str:
    story = rng.choice(
        [
            "저희 어머니가 며칠 전부터 물어보시는데 제가 일하느라 알아볼 시간이 없었어요. 여기저기 찾아봐도"
            " 옛날 글만 나오고 전화는 계속 통화 중이라서 여기에 여쭤봅니다.",
            "주말마다 아이랑 동네를 걸어 다니는데 표지판이 바뀌어서 헷갈리더라고요. 옆집 분도 모르신다고 하고"
            " 관리사무소도 잘 모르겠다고 해서 아시는 분께 부탁드려요.",
        ]
    )
    return f"{story} {_asked(rng, truth)} 미리 감사드립니다."


def _slipped(rng: Random, truth: Truth) -> str:
    return spacing(rng, typos(rng, f"혹시 {_asked(rng, truth)} 알고 계신 분 있으면 알려주세요"), share=0.6)


def _laughing(rng: Random, truth: Truth) -> str:
    return jamo(rng, f"{_asked(rng, truth)} 저만 모르나요")


def _with_emoji(rng: Random, truth: Truth) -> str:
    return emoji(rng, f"궁금한 게 있어요 {_asked(rng, truth)}")


def _not_that(rng: Random, truth: Truth) -> str:
    others = [fact for fact in truth.notice.topic.facts if fact.name != truth.fact.name]
    thing = {"fee": "요금", "hours": "시간", "day": "요일", "closed": "휴관일", "hour": "시간"}
    other = thing.get(rng.choice(others).name, "다른 것") if others else "다른 것"
    return f"{particle(other, '은는')} 이미 알아요, 그거 말고요. {_asked(rng, truth)}"


def _copied(rng: Random, truth: Truth) -> str:
    block = rng.choice(
        [
            "[동네 소식] 이번 주 날씨는 맑겠습니다. 주말 나들이 조심하세요.",
            "RE: RE: 지난번 글 복사합니다 ↓↓ 답이 없어서요",
        ]
    )
    return f"{block}\n---\n{_asked(rng, truth)}"


def _english(rng: Random, truth: Truth) -> str:
    return truth.fact.english


def _english_polite(rng: Random, truth: Truth) -> str:
    return f"Hi, I just moved to {truth.notice.town}. {truth.fact.english} Thank you!"


def _mixed(rng: Random, truth: Truth) -> str:
    return f"혹시 아시는 분? {truth.fact.english} 한국어가 서툴러요"


def _two_at_once(rng: Random, truth: Truth) -> str:
    others = [fact for fact in truth.notice.topic.facts if fact.name != truth.fact.name]
    return f"{_asked(rng, truth)} 그리고 {rng.choice(list(rng.choice(others).asked))}"


_NOWHERE = (
    "스키장 리프트권 얼마예요?",
    "볼링장 신발 대여비 궁금해요",
    "여권 사진 잘 찍는 사진관 어디예요?",
    "천문대 별 보기 행사 언제 하나요",
    "전기차 급속 충전기 단가 알려주세요",
    "강아지 미용 잘하는 곳 추천해 주세요",
    "아파트 매매 시세 어때요?",
    "24시간 하는 동물병원 있나요",
    "이삿짐센터 견적 어느 정도 나와요?",
    "떡볶이 맛집 어디예요?",
    "피아노 학원 원비 궁금합니다",
    "근처 세차장 새벽에도 하나요",
    "How much is a bowling game?",
    "Where can I rent a car overnight?",
    "Is there an English-speaking dentist?",
)
_DETAILS = (
    "도서관 와이파이 비밀번호 뭐예요?",
    "공영주차장 관리인 이름이 뭐예요?",
    "수영장 물 온도 몇 도예요?",
    "마을버스 기사님 채용하나요?",
    "주민센터 동장님 전화번호 알려주세요",
    "반려견 놀이터 목욕 시설 있어요?",
    "전통시장 순대국 파는 집 어디예요?",
    "물놀이장 튜브 대여료 얼마예요?",
    "장난감도서관에 레고 기차 있나요?",
    "보건소 치과 스케일링 예약 어떻게 해요?",
)


def _nowhere(rng: Random, truth: Truth) -> str:
    return rng.choice(_NOWHERE)


def _nowhere_long(rng: Random, truth: Truth) -> str:
    return f"안녕하세요 {truth.notice.town} 사는 주민입니다. {rng.choice(_NOWHERE)} 꼭 좀 알려주세요"


def _detail(rng: Random, truth: Truth) -> str:
    return rng.choice(_DETAILS)


def _other_town(rng: Random, truth: Truth) -> str:
    other = rng.choice([town for town in TOWNS if town != truth.notice.town])
    return f"{other} 쪽으로 알아보는 중이에요. {other} {_asked(rng, truth)}"


FAMILIES = (
    Family("plain", _plain, ("short",), weight=2),
    Family("greeting", _greeting, ("short",)),
    Family("moved_in", _moved_in),
    Family("with_town", _with_town, ("short", "location")),
    Family("title_only", _title_only),
    Family("long_story", _long_story, ("long",)),
    Family("slipped", _slipped, ("typos",)),
    Family("laughing", _laughing, ("typos", "short")),
    Family("with_emoji", _with_emoji, ("emoji", "short")),
    Family("not_that", _not_that, ("negation",)),
    Family("copied", _copied, ("copied",)),
    Family("english", _english, ("english", "short")),
    Family("english_polite", _english_polite, ("english",)),
    Family("mixed", _mixed, ("mixed",)),
    Family("two_at_once", _two_at_once, ("multi",)),
    Family("nowhere", _nowhere, ("short",), known=False, weight=2),
    Family("nowhere_long", _nowhere_long, (), known=False, weight=2),
    Family("detail", _detail, ("short",), known=False, weight=2),
    Family("other_town", _other_town, ("location",), known=False, weight=2),
)


def cases() -> list[Case]:
    """The generated test set, the same at each call."""
    rng = dice(USE_CASE)
    every = notices()
    drawn = [family for family in FAMILIES for _ in range(family.weight)]
    found = [_case(rng, number, drawn[number % len(drawn)], every) for number in range(COUNT)]
    return split_by_family(found, USE_CASE)


def _case(rng: Random, number: int, family: Family, every: list[Notice]) -> Case:
    notice = rng.choice(every)
    truth = Truth(notice, rng.choice(list(notice.topic.facts)))
    record = {
        "question_id": f"q{number + 1:04}",
        "town": notice.town,
        "question": family.writes(rng, truth),
        "asked_at": timestamp(rng),
    }
    expected = _expected(truth, family)
    return Case(f"la-{number + 1:04}", record, expected, family.slices, family=family.name)


def _expected(truth: Truth, family: Family) -> Json:
    """Of two questions at once either answer is right, so that only the document is labelled."""
    if not family.known:
        return {"known": False, "answer": None, "citations": []}
    labelled: Json = {"known": True, "citations": [truth.notice.id]}
    return labelled if "multi" in family.slices else labelled | {"answer": truth.answer}
