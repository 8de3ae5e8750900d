"""The documents of local_answers: public notices of invented towns, and the facts that they state.

`python -m testsets.local_documents` writes `prompts/local_answers/documents/notices.jsonl`. All of it is
synthetic: no such town, office or fare exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import orjson

from testsets.common import PROMPTS, dice

PATH = PROMPTS / "local_answers" / "documents" / "notices.jsonl"
TOWNS = ("달빛동", "햇살동", "솔바람동", "은모래동", "구름마을")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a notice says. values: its words, as they may stand there."""

    name: str
    sentence: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of notice."""

    name: str
    title: str
    opening: str
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class Notice:
    """One document, with the facts drawn for it. values: fact name -> the words that answer."""

    id: str
    town: str
    topic: Topic
    values: dict[str, str]

    @property
    def text(self) -> str:
        """The whole text."""
        said = [fact.sentence.format(self.values[fact.name]) for fact in self.topic.facts]
        return " ".join([self.topic.opening.format(town=self.town), *said])

    def line(self) -> bytes:
        """The document as a line of the file."""
        row = {
            "id": self.id,
            "title": f"{self.town} {self.topic.title}",
            "text": self.text,
            "town": self.town,
        }
        return orjson.dumps(row)


_DAY_PAIRS = ("월요일과 목요일", "화요일과 금요일", "수요일과 일요일", "화요일과 토요일", "월요일과 금요일")
_REST_DAYS = ("매주 월요일", "매월 첫째 주 월요일", "매주 금요일", "매월 둘째·넷째 주 화요일", "매주 수요일")
_HOURS = ("오전 9시부터 오후 6시까지", "오전 9시부터 오후 10시까지", "오전 10시부터 오후 7시까지")
_MORE_HOURS = ("오전 6시부터 오후 9시까지", "오전 8시부터 오후 8시까지", "24시간")
_FEES = ("1,000원", "1,500원", "2,000원", "3,000원", "4,500원")

TOPICS = (
    Topic(
        "recycling",
        "재활용품 분리수거 안내",
        "{town} 재활용품 분리수거 안내입니다.",
        (
            Fact(
                "day",
                "재활용품은 {}에 수거합니다.",
                _DAY_PAIRS,
            ),
            Fact(
                "hour",
                "배출 시간은 전날 {}입니다.",
                ("오후 6시부터 자정까지", "오후 8시부터 새벽 2시까지", "오후 7시부터 오후 11시까지"),
            ),
            Fact(
                "vinyl",
                "투명 페트병은 {}에만 따로 내놓습니다.",
                ("목요일", "토요일", "수요일", "일요일", "월요일"),
            ),
        ),
    ),
    Topic(
        "food_waste",
        "음식물 쓰레기 배출",
        "{town} 음식물 쓰레기는 전용 봉투나 칩을 붙인 통에 내놓습니다.",
        (
            Fact(
                "bag",
                "2리터 음식물 봉투는 한 장에 {}입니다.",
                ("120원", "140원", "160원", "180원", "200원"),
            ),
            Fact(
                "off",
                "{}에는 음식물 쓰레기를 거두지 않습니다.",
                ("토요일", "일요일", "금요일"),
            ),
        ),
    ),
    Topic(
        "bulky",
        "대형폐기물 신고",
        "{town}에서 가구나 큰 가전을 버릴 때에는 대형폐기물 신고를 합니다.",
        (
            Fact(
                "fee",
                "의자 한 개의 대형폐기물 수수료는 {}입니다.",
                _FEES,
            ),
            Fact(
                "pickup",
                "신고한 뒤 {} 안에 가져갑니다.",
                ("2일", "3일", "5일", "일주일"),
            ),
        ),
    ),
    Topic(
        "library",
        "도서관 이용 안내",
        "{town} 도서관은 누구나 이용할 수 있습니다.",
        (
            Fact(
                "closed",
                "도서관 휴관일은 {}입니다.",
                _REST_DAYS,
            ),
            Fact(
                "hours",
                "자료실은 {} 엽니다.",
                _HOURS,
            ),
            Fact(
                "loans",
                "한 사람이 책을 {}까지 빌릴 수 있습니다.",
                ("5권", "7권", "10권", "12권"),
            ),
        ),
    ),
    Topic(
        "parking",
        "공영주차장 안내",
        "{town} 공영주차장은 주민센터 뒤에 있습니다.",
        (
            Fact(
                "fee",
                "공영주차장 주차 요금은 한 시간에 {}입니다.",
                _FEES,
            ),
            Fact(
                "free",
                "처음 {}은 무료입니다.",
                ("10분", "20분", "30분", "한 시간"),
            ),
            Fact(
                "spaces",
                "모두 {}를 댈 수 있습니다.",
                ("48대", "62대", "85대", "120대"),
            ),
        ),
    ),
    Topic(
        "office",
        "주민센터 민원 안내",
        "{town} 주민센터는 등본과 인감 등 민원을 처리합니다.",
        (
            Fact(
                "late",
                "야간 민원실은 {}에 오후 8시까지 엽니다.",
                ("매주 화요일", "매주 목요일", "매주 수요일", "매월 첫째 주 목요일"),
            ),
            Fact(
                "seal",
                "인감 증명서 수수료는 {}입니다.",
                ("500원", "600원", "700원", "800원"),
            ),
        ),
    ),
    Topic(
        "machine",
        "무인민원발급기",
        "{town} 무인민원발급기에서 등본을 뗄 수 있습니다.",
        (
            Fact(
                "place",
                "무인민원발급기는 {}에 있습니다.",
                ("주민센터 현관", "지하철역 2번 출구 안", "도서관 1층", "우체국 옆", "시장 고객센터"),
            ),
            Fact(
                "hours",
                "무인민원발급기는 {} 쓸 수 있습니다.",
                _MORE_HOURS,
            ),
        ),
    ),
    Topic(
        "pool",
        "체육센터 수영장",
        "{town} 체육센터에는 25미터 수영장이 있습니다.",
        (
            Fact(
                "fee",
                "자유수영은 어른 한 번에 {}입니다.",
                _FEES,
            ),
            Fact(
                "closed",
                "수영장은 {}에 쉽니다.",
                _REST_DAYS,
            ),
        ),
    ),
    Topic(
        "clinic",
        "보건소 예방접종",
        "{town} 보건소에서 독감 예방접종을 합니다.",
        (
            Fact(
                "day",
                "독감 예방접종은 {}에 합니다.",
                _DAY_PAIRS,
            ),
            Fact(
                "fee",
                "64세까지는 접종비가 {}입니다.",
                ("5,000원", "7,000원", "8,500원", "10,000원"),
            ),
        ),
    ),
    Topic(
        "market",
        "전통시장 장날",
        "{town} 전통시장은 오일장입니다.",
        (
            Fact(
                "days",
                "장날은 끝자리가 {}인 날입니다.",
                ("1일과 6일", "2일과 7일", "3일과 8일", "4일과 9일", "5일과 10일"),
            ),
            Fact(
                "parking",
                "장을 본 손님은 시장 주차장을 {} 무료로 씁니다.",
                ("30분", "1시간", "2시간"),
            ),
        ),
    ),
    Topic(
        "splash",
        "공원 물놀이장",
        "{town} 공원 물놀이장은 여름에 엽니다.",
        (
            Fact(
                "season",
                "물놀이장 운영 기간은 {}입니다.",
                ("7월 1일부터 8월 31일까지", "7월 15일부터 8월 20일까지", "6월 20일부터 8월 25일까지"),
            ),
            Fact(
                "age",
                "물놀이장에는 {} 어린이만 들어갑니다.",
                ("3세부터 12세", "4세부터 10세", "13세 이하"),
            ),
        ),
    ),
    Topic(
        "bus",
        "마을버스 시간",
        "{town} 마을버스는 역과 주민센터 사이를 다닙니다.",
        (
            Fact(
                "first",
                "첫차는 {}에 떠납니다.",
                ("오전 5시 30분", "오전 5시 50분", "오전 6시", "오전 6시 10분"),
            ),
            Fact(
                "last",
                "막차는 {}에 떠납니다.",
                ("오후 10시 40분", "오후 11시", "오후 11시 20분", "오후 11시 45분"),
            ),
            Fact(
                "gap",
                "배차 간격은 {}입니다.",
                ("8분", "12분", "15분", "20분"),
            ),
        ),
    ),
    Topic(
        "dogs",
        "반려견 놀이터",
        "{town} 반려견 놀이터는 천변 공원에 있습니다.",
        (
            Fact(
                "height",
                "소형견 구역에는 어깨 높이 {} 이하인 반려견만 들어갑니다.",
                ("30cm", "35cm", "40cm", "45cm"),
            ),
            Fact(
                "hours",
                "반려견 놀이터는 {} 엽니다.",
                ("오전 7시부터 오후 9시까지", "오전 9시부터 오후 8시까지", "오전 10시부터 오후 6시까지"),
            ),
        ),
    ),
    Topic(
        "toys",
        "장난감도서관",
        "{town} 장난감도서관은 주민에게 장난감을 빌려줍니다.",
        (
            Fact(
                "fee",
                "장난감도서관 연회비는 {}입니다.",
                ("10,000원", "15,000원", "20,000원", "12,000원"),
            ),
            Fact(
                "days",
                "장난감은 {} 동안 빌릴 수 있습니다.",
                ("7일", "10일", "14일", "3주"),
            ),
        ),
    ),
)


def notices() -> list[Notice]:
    """Every notice, the same at each call."""
    rng = dice("local_answers", "documents")
    pairs = [(town, topic) for town in TOWNS for topic in TOPICS]
    return [_notice(rng, number, town, topic) for number, (town, topic) in enumerate(pairs, 1)]


def _notice(rng: Random, number: int, town: str, topic: Topic) -> Notice:
    values = {fact.name: rng.choice(fact.values) for fact in topic.facts}
    return Notice(f"d{number:03}", town, topic, values)


def as_lines() -> bytes:
    """The text of the file."""
    return b"".join(notice.line() + b"\n" for notice in notices())


if __name__ == "__main__":
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_bytes(as_lines())
