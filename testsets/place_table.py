"""The invented places of `prompts/place_mentions`: real districts, made-up names (가상의 상호).

`python -m testsets.place_table` writes the table; the same seed gives the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

SEED = 20261125
PER_REGION = 30
TABLE = Path(__file__).resolve().parents[1] / "prompts/place_mentions/v1/places.csv"

REGIONS = {
    "서울 마포구": ("망원", "합정", "연남", "상암"),
    "서울 성동구": ("성수", "옥수", "금호", "왕십리"),
    "서울 관악구": ("신림", "봉천", "낙성대", "서림"),
    "서울 송파구": ("잠실", "문정", "방이", "석촌"),
    "부산 수영구": ("광안", "민락", "남천", "망미"),
    "대구 수성구": ("범어", "만촌", "지산", "두산"),
    "인천 연수구": ("송도", "옥련", "동춘", "청학"),
    "광주 북구": ("용봉", "운암", "일곡", "매곡"),
    "대전 유성구": ("궁동", "노은", "봉명", "관평"),
    "울산 남구": ("삼산", "무거", "옥동", "달동"),
    "경기 성남시 분당구": ("정자", "서현", "야탑", "판교"),
    "경기 수원시 영통구": ("매탄", "광교", "원천", "망포"),
    "강원 강릉시": ("교동", "포남", "초당", "견소"),
    "전북 전주시 완산구": ("효자", "서신", "삼천", "중화산"),
    "제주 제주시": ("노형", "연동", "아라", "이도"),
}
"""Region as posts carry it -> neighbourhoods for branches."""

HEADS = {
    "달무리": "Dalmuri", "느루": "Neuru", "모롱이": "Morongi", "여울목": "Yeoulmok", "해거름": "Haegeoreum",
    "물푸레": "Mulpure", "사부작": "Sabujak", "도토리숲": "Dotorisup", "구름재": "Gureumjae", "노을섬": "Noeulseom",
    "한갓진": "Hangatjin", "꽃그늘": "Kkotgeuneul", "두레박": "Durebak", "볕뉘": "Byeonnwi", "고샅": "Gosat",
    "늘봄채": "Neulbomchae", "싸리문": "Ssarimun", "옹달샘터": "Ongdalsaemteo", "짚신할배": "Jipsinhalbae",
    "파란대문": "Parandaemun", "세모지붕": "Semojibung", "다락방고양이": "Darakbang", "은하수길": "Eunhasugil",
    "종이비행": "Jongibihaeng", "호롱불": "Horongbul", "너럭바위": "Neoreokbawi", "윤슬로": "Yunseullo",
    "까치밥": "Kkachibap", "솔개울": "Solgaeul", "무지개떡": "Mujigaetteok", "반달곰": "Bandalgom",
    "일곱이랑": "Ilgobirang", "초승": "Choseung", "미리내골": "Mirinaegol", "단비네": "Danbine", "산들내": "Sandeulnae",
}  # fmt: skip
"""Made-up first words, and how they are written in English."""

KINDS = {
    "제과": ("빵집", "빵집", "Bakery"),
    "커피": ("카페", "카페", "Coffee"),
    "국수": ("음식점", "국숫집", "Noodles"),
    "식당": ("음식점", "밥집", "Diner"),
    "갈비": ("음식점", "고깃집", "Galbi"),
    "분식": ("음식점", "떡볶이", "Bunsik"),
    "미용실": ("미용", "헤어", "Hair"),
    "치과": ("병원", "치과의원", "Dental"),
    "소아과": ("병원", "소아청소년과", "Pediatrics"),
    "동물병원": ("병원", "펫클리닉", "Animal Hospital"),
    "필라테스": ("운동", "필라테스룸", "Pilates"),
    "서점": ("서점", "책방", "Books"),
    "세탁소": ("생활", "빨래방", "Laundry"),
    "꽃집": ("생활", "플라워", "Flowers"),
    "공원": ("공원", "근린공원", "Park"),
    "시장": ("시장", "전통시장", "Market"),
}
"""Last word of a name -> category, the same in other words, in English."""

CHAINS = (
    ("바람개비", "김밥", "음식점"),
    ("두밀레", "커피", "카페"),
    ("오누이", "치킨", "음식점"),
    ("맑은결", "안경", "생활"),
)
"""Made-up chains: every region has one branch of each, and two of the first."""


@dataclass(frozen=True, slots=True)
class Place:
    """One row of the table. english: the alias in Latin letters, if it has one."""

    id: str
    name: str
    aliases: tuple[str, ...]
    region: str
    category: str
    head: str
    branch: str | None = None

    @property
    def english(self) -> str | None:
        return next((alias for alias in self.aliases if alias.isascii()), None)

    @property
    def stem(self) -> str:
        """The name without its branch."""
        return self.name.rsplit(" ", 1)[0] if self.branch else self.name


def places() -> list[Place]:
    """Every row, in the order of the file."""
    random = Random(SEED)
    rows = [place for region in REGIONS for place in _of_region(region, random)]
    return [replace(place, id=f"pl-{number:04d}") for number, place in enumerate(rows, 1)]


def _of_region(region: str, random: Random) -> Iterator[Place]:
    heads = random.sample(list(HEADS), PER_REGION - len(CHAINS) - 1)
    kinds = [list(KINDS)[place % len(KINDS)] for place in range(len(heads))]
    random.shuffle(kinds)
    for head, kind in zip(heads, kinds, strict=True):
        yield _shop(head, kind, region, random)
    for number, (head, kind, category) in enumerate(CHAINS):
        for dong in random.sample(REGIONS[region], 2 if number == 0 else 1):
            yield Place("", f"{head}{kind} {dong}점", (), region, category, head, dong)


def _shop(head: str, kind: str, region: str, random: Random) -> Place:
    category, other, english = KINDS[kind]
    aliases = []
    if random.random() < 0.6:
        aliases.append(f"{HEADS[head]} {english}")
    if random.random() < 0.5:
        aliases.append(f"{head}{other}" if random.random() < 0.5 else f"{head} {other}")
    return Place("", head + kind, tuple(aliases), region, category, head)


def written() -> str:
    """The file's text."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("id", "name", "aliases", "region", "category"))
    for place in places():
        lines.writerow((place.id, place.name, "|".join(place.aliases), place.region, place.category))
    return text.getvalue()


if __name__ == "__main__":
    TABLE.write_text(written(), encoding="utf-8")
