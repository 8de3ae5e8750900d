"""The words in which listings of invented homes say what they are like: some for `dev`, others for `test`.

What a word list or a reader of the folder was made from stands under `dev`; what only `test` says was written after
them, so that the generated `test` says something about words that nobody listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Forms = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """kinds, inside, outside: a name of the form -> words for it; phrases: what is said -> forms of saying it."""

    kinds: Mapping[str, Forms]
    inside: Mapping[str, Forms]
    outside: Mapping[str, Forms]
    english_kinds: Mapping[str, str]
    english_inside: Mapping[str, str]
    english_outside: Mapping[str, str]
    phrases: Mapping[str, Forms]


DEV = Words(
    kinds={
        "원룸": ("원룸", "분리형 원룸", "1.5룸"),
        "투룸": ("투룸", "2룸"),
        "쓰리룸": ("쓰리룸", "3룸"),
        "빌라": ("빌라", "다세대", "투룸 빌라", "연립"),
        "오피스텔": ("오피스텔", "원룸 오피스텔"),
        "아파트": ("아파트",),
        "주택": ("단독주택", "다가구주택", "주택"),
        "상가": ("상가",),
        "사무실": ("사무실",),
    },
    inside={
        "에어컨": ("에어컨", "에어컨", "에어콘"),
        "냉장고": ("냉장고",),
        "세탁기": ("세탁기", "드럼세탁기"),
        "인덕션": ("인덕션",),
        "가스레인지": ("가스레인지", "가스렌지"),
        "전자레인지": ("전자레인지", "전자렌지"),
        "침대": ("침대",),
        "책상": ("책상",),
        "옷장": ("옷장", "붙박이장"),
        "신발장": ("신발장",),
        "TV": ("TV", "티비"),
        "건조기": ("건조기",),
        "비데": ("비데",),
    },
    outside={
        "엘리베이터": ("엘리베이터", "엘베", "승강기"),
        "주차": ("주차", "주차 가능", "지하주차장"),
        "CCTV": ("CCTV",),
        "공동현관": ("공동현관", "현관보안"),
        "무인택배함": ("무인택배함", "택배함"),
        "경비실": ("경비실",),
        "베란다": ("베란다", "발코니"),
        "테라스": ("테라스",),
        "자전거보관소": ("자전거보관소",),
    },
    english_kinds={
        "원룸": "studio",
        "투룸": "two-room flat",
        "빌라": "villa",
        "오피스텔": "officetel",
        "아파트": "apartment",
        "주택": "detached house",
        "사무실": "office",
    },
    english_inside={
        "에어컨": "air conditioner",
        "냉장고": "fridge",
        "세탁기": "washing machine",
        "침대": "bed",
        "책상": "desk",
        "옷장": "closet",
    },
    english_outside={"엘리베이터": "elevator", "주차": "parking", "CCTV": "CCTV", "베란다": "balcony"},
    phrases={
        "no fee": ("관리비 없음", "관리비 없음", "관리비 포함"),
        "fee": ("관리비 {man}만원", "관리비 {man}만", "관리비 {won:,}원"),
        "floor": ("{f}층",),
        "floor of": ("{f}층/{t}층", "{t}층 중 {f}층", "총 {t}층 중 {f}층", "{f}/{t}층", "{f}층(총 {t}층)"),
        "semi_basement": ("반지하",),
        "rooftop": ("옥탑",),
        "level": ("{t}층 중 {w}", "{w}/{t}층"),
        "pyeong": ("{p}평", "실평수 {p}평", "전용 {p}평"),
        "both": ("{m:g}㎡({p}평)", "전용 {m:g}㎡, {p}평"),
        "gross": ("공급 {m:g}㎡ / ",),
        "metres": ("전용 {m:g}㎡", "전용면적 {m:g}m2"),
        "denied": ("{w} 없어요", "{w} 불가", "{w} 안 돼요"),
        "now": ("즉시입주", "즉시 입주 가능", "바로 입주 가능", "공실"),
        "negotiable": ("입주 협의", "입주일 협의", "입주 날짜는 협의"),
        "part": ("{m}월 {p} 입주", "{m}월 {p}에 입주 가능"),
        "day": ("{m}월 {d}일 입주", "{m}월 {d}일 이후 입주", "{m}/{d} 입주", "{y}년 {m}월 {d}일 입주"),
        "no fee_en": ("no maintenance fee",),
        "fee_en": ("maintenance fee {won:,} KRW",),
        "floor_en": ("{o} floor of {t}", "floor {f} of {t}"),
        "area_en": ("{m:g} sqm", "{m:g} m2"),
        "now_en": ("available immediately", "vacant now"),
        "day_en": ("available from {m} {d}", "move in from {m} {d}"),
    },
)

TEST = Words(
    kinds={
        "원룸": ("원룸", "오픈형 원룸", "원룸텔"),
        "투룸": ("투룸", "방 두 칸짜리", "투베이 투룸"),
        "쓰리룸": ("쓰리룸", "방 세 칸짜리"),
        "빌라": ("빌라", "다세대주택", "연립주택"),
        "오피스텔": ("오피스텔", "복층 오피스텔"),
        "아파트": ("아파트", "주상복합 아파트"),
        "주택": ("단독", "전원주택", "단독 가옥"),
        "상가": ("상가", "점포"),
        "사무실": ("사무실", "사무 공간"),
    },
    inside={
        "에어컨": ("벽걸이 에어컨", "냉방기"),
        "냉장고": ("소형 냉장고", "양문형 냉장고"),
        "세탁기": ("통돌이", "빌트인 세탁기"),
        "인덕션": ("2구 인덕션", "인덕션"),
        "가스레인지": ("가스레인지", "가스쿡탑"),
        "전자레인지": ("전자레인지", "렌지"),
        "침대": ("싱글침대", "침대 프레임"),
        "책상": ("책상", "컴퓨터책상"),
        "옷장": ("옷장", "장롱"),
        "신발장": ("신발장", "신발 수납장"),
        "TV": ("벽걸이 TV", "텔레비젼"),
        "건조기": ("의류건조기", "건조기"),
        "비데": ("비데", "전자 비데"),
    },
    outside={
        "엘리베이터": ("엘리베이터", "엘레베이터"),
        "주차": ("주차장", "주차 1대", "차 댈 자리"),
        "CCTV": ("CCTV", "방범카메라"),
        "공동현관": ("공동현관", "공동출입문 비밀번호"),
        "무인택배함": ("무인택배함", "택배 보관함"),
        "경비실": ("경비실", "관리실"),
        "베란다": ("앞베란다", "발코니"),
        "테라스": ("테라스", "단독 테라스"),
        "자전거보관소": ("자전거 거치대", "자전거보관소"),
    },
    english_kinds={
        "원룸": "one-room",
        "투룸": "two-bedroom flat",
        "빌라": "low-rise villa",
        "오피스텔": "officetel unit",
        "아파트": "apartment",
        "주택": "family house",
        "사무실": "office space",
    },
    english_inside={
        "에어컨": "AC",
        "냉장고": "refrigerator",
        "세탁기": "washer",
        "침대": "double bed",
        "책상": "writing table",
        "옷장": "wardrobe",
    },
    english_outside={
        "엘리베이터": "lift",
        "주차": "car park",
        "CCTV": "security cameras",
        "베란다": "balcony",
    },
    phrases={
        "no fee": ("관리비 0원", "관리비는 안 받음", "관리비 무료"),
        "fee": ("관리비는 {man}만원", "월 관리비 {man}만", "관리비 약 {won:,}원"),
        "floor": ("{f}층", "{f}층에 위치"),
        "floor of": ("{t}층 건물 {f}층", "{f}층 / 총 {t}층", "전체 {t}층에 {f}층"),
        "semi_basement": ("반지하", "반지층"),
        "rooftop": ("옥탑방", "옥상층"),
        "level": ("{t}층 건물 {w}", "총 {t}층의 {w}"),
        "pyeong": ("{p}평 정도", "실면적 {p}평", "전용면적 {p}평"),
        "both": ("{m:g}㎡ (약 {p}평)", "전용 {p}평({m:g}㎡)"),
        "gross": ("분양 {m:g}㎡ / ",),
        "metres": ("실면적 {m:g}㎡", "전용 {m:g}제곱미터"),
        "denied": ("{w} 미설치", "{w} 없는 건물"),
        "now": ("지금 비어 있음", "당장 이사 가능", "계약하면 바로 거주 가능"),
        "negotiable": ("입주 시기 조율", "이사 날짜는 상의"),
        "part": ("{m}월 {p}쯤 입주", "{m}월 {p} 이사 가능"),
        "day": ("{m}월 {d}일부터 거주 가능", "{m}월 {d}일 이사 가능", "{y}.{m}.{d} 이후 입주"),
        "no fee_en": ("maintenance included",),
        "fee_en": ("monthly maintenance {won:,} won",),
        "floor_en": ("{o} floor, {t}-story building", "on floor {f} out of {t}"),
        "area_en": ("{m:g} square metres", "{m:g}sqm"),
        "now_en": ("ready to move in", "empty now"),
        "day_en": ("free from {m} {d}", "move-in {m} {d}"),
    },
)

WORDS = {"dev": DEV, "test": TEST}
FLOORS = {
    "원룸": (3, 5), "투룸": (3, 5), "쓰리룸": (3, 5), "빌라": (3, 5), "오피스텔": (8, 25), "아파트": (8, 30), "주택": (2, 3),
    "상가": (2, 7), "사무실": (4, 20),
}  # fmt: skip
"""Fewest and most floors of the building, by kind of home."""
AREAS = {
    "원룸": (16, 33), "투룸": (28, 55), "쓰리룸": (45, 80), "빌라": (30, 85), "오피스텔": (18, 60), "아파트": (39, 115), "주택": (45, 150),
    "상가": (20, 120), "사무실": (20, 150),
}  # fmt: skip
"""Smallest and largest net area in square metres, by kind of home."""


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`, `23rd`."""
    last = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{last}"
