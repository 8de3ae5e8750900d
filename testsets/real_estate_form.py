"""Pasted listings of invented homes, and the form that a careful reader fills in from them.

Truth first: a home is drawn, then a family of templates says some of it in words. What a template says is the
label (`home_phrases.Listing`); what it leaves out stays empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from testsets.common import Case, dice, emoji, jamo, spacing, timestamp, typos
from testsets.home_phrases import Listing
from testsets.home_words import DEV

USE_CASE = "real_estate_form"
EACH = 16
RENTED = ("전세", "월세", "월세")
FLATS = ("원룸", "투룸", "쓰리룸", "빌라", "오피스텔")
FILLERS = (
    "역까지 걸어서 {n}분이에요.",
    "버스정류장이 코앞입니다.",
    "집주인분이 친절하세요.",
    "채광 좋고 조용합니다.",
    "융자 없습니다.",
    "근처에 편의점, 세탁소 있어요.",
    "사진은 실제 사진입니다.",
    "반려동물은 문의 주세요.",
    "도배 장판 새로 했습니다.",
    "앞에 공원이 있어요.",
)
ENGLISH_FILLERS = (
    "Quiet street, lots of light.",
    "{n} minutes to the station.",
    "Photos on request.",
    "No agent fee.",
)


@dataclass(frozen=True)
class Family:
    """One way to write a listing. Templates name methods of Listing; one title and one body are drawn.

    noise: functions of common that are run over the body, in order. The split is by hand, so that each kind of
    input is in both; the words of `test` are its own.
    """

    name: str
    titles: tuple[str, ...]
    bodies: tuple[str, ...]
    slices: tuple[str, ...] = ()
    deals: tuple[str, ...] = ("매매", "전세", "월세", "월세")
    kinds: tuple[str, ...] = (*FLATS, "아파트", "주택", "상가", "사무실")
    noise: tuple[Callable[..., str], ...] = ()
    split: str = "dev"


FAMILIES = (
    Family(
        "lines",
        ("{region} {home} {deal}",),
        (
            "■ 거래: {price}\n■ {fee}\n■ 층: {floor}\n■ 면적: {area}\n■ 옵션: {inside}\n■ 시설: {outside}\n■ {move}",
            "- {price}\n- {floor}\n- {area}\n- {fee}\n- {move}\n- 옵션 {inside}\n- 건물 {outside}",
        ),
        split="test",
    ),
    Family(
        "chat",
        ("{region} {home} 내놔요", "{home} 보러 오세요"),
        (
            "안녕하세요 이사 가게 되어 글 올려요. {price}이고 {fee}입니다. {floor}, {area}이에요. {filler} {inside} 두고 갑니다. {move}해요",
            "제가 살던 {home}이에요. {area} 정도 되고 {floor}입니다. {filler} 가격은 {price}, {fee}. {move}!",
        ),
        deals=RENTED,
        kinds=FLATS,
        noise=(jamo,),
    ),
    Family(
        "broker",
        ("[{deal}] {region} {home} 추천매물", "★{region} {home}★"),
        (
            "{price} | {fee} | {floor} | {area}\n{filler}\n옵션: {inside}\n건물: {outside}\n입주: {move}\n빠른 상담 환영합니다.",
            "【매물】{home}\n【금액】{price} ({fee})\n【위치】{region}\n【층】{floor}\n【면적】{area}\n【입주】{move}",
        ),
    ),
    Family(
        "slashes",
        ("{region} {home}",),
        ("{price} / {floor} / {area} / {fee} / {outside} / {move}",),
        ("short",),
    ),
    Family(
        "sublet",
        ("{region} {home} 양도합니다", "{home} 승계하실 분"),
        (
            "계약이 남아서 양도해요. {price}, {fee}. {inside} 다 쓰셔도 됩니다. {filler} {move}",
            "회사 발령으로 급하게 내놓습니다. 조건은 {price} 그대로이고 {fee}예요. {floor}에 {area}. {move}",
        ),
        deals=RENTED,
        kinds=FLATS,
        split="test",
    ),
    Family(
        "owner_sale",
        ("주인 직접 {home} {deal}", "{region} {home} 급매"),
        (
            "{price}에 팝니다. {area}, {floor}. {filler} {outside} 있습니다. {move}",
            "부동산 안 끼고 직접 팔아요.\n{floor}\n{area}\n{price}\n{filler}\n{move}",
        ),
        deals=("매매",),
        kinds=("빌라", "오피스텔", "아파트", "주택", "상가"),
    ),
    Family(
        "questions",
        ("{home} 자주 묻는 질문 정리", "{region} 방 문의 답변"),
        (
            "Q. 금액? A. {price}\nQ. 관리비? A. {fee}\nQ. 몇 층? A. {floor}\nQ. 크기? A. {area}\nQ. 언제부터? A. {move}\n{home}입니다.",
        ),
        kinds=FLATS,
        split="test",
    ),
    Family(
        "emoji_ad",
        ("✨{region} {home}✨", "🏠 {home} {deal} 🏠"),
        ("💰 {price}\n💡 {fee}\n📐 {area}\n🏢 {floor}\n🛋 {inside}\n🚗 {outside}\n📅 {move}",),
        ("emoji",),
        noise=(emoji,),
    ),
    Family(
        "several",
        ("{region} 방 두 개 나왔어요", "{home} 외 1건"),
        (
            "1번 {home}: {price}, {floor}, {area}, {fee}, {move}\n2번 {other}",
            "첫 번째는 {home}이고 {price}, {area}입니다. {inside} 있어요. 두 번째는 {other}",
        ),
        ("multi",),
        kinds=FLATS,
        split="test",
    ),
    Family(
        "denials",
        ("{region} {home} 장단점 솔직하게", "{home} {deal}"),
        (
            "{price}, {fee}. 장점: {inside} 있음. 단점: {denied}. {floor}이고 {area}. {move}",
            "{denied}. 대신 {outside} 있고 {price}입니다. {filler} {move}",
        ),
        ("negation",),
        kinds=FLATS,
    ),
    Family(
        "landmarks",
        ("{region} {home} {deal}",),
        (
            "푸른숲아파트 맞은편이고 햇살상가 뒤편 골목입니다. {price}, {fee}, {floor}, {area}. 앞에 공영주차장 있어요. {move}",
            "달빛오피스텔 옆 건물이에요! 1층에 빵집 있음. {price} / {area} / {inside} / {move}",
        ),
        ("location",),
        kinds=("원룸", "투룸", "쓰리룸"),
    ),
    Family(
        "copied",
        ("[펌] {region} {home} {deal}",),
        (
            "===== 매물 안내 =====\n본 게시물은 다른 곳에 올린 글을 옮긴 것입니다. 중개 보수는 법정 요율을 따르며 계약 전에 등기부를 꼭 확인하세요.\n"
            "{home} / {price} / {fee}\n{floor} / {area}\n옵션 {inside}\n건물 {outside}\n{move}\n{filler}\n"
            "※ 문의가 많아 답장이 늦을 수 있습니다. 방문은 하루 전에 예약 부탁드립니다. 허위 매물이 아닙니다. 게시일로부터 30일 동안 유효합니다.",
        ),
        ("long", "copied"),
    ),
    Family(
        "one_line",
        ("{home} {price}",),
        ("{region}이에요. 쪽지 주세요", "보실 분 연락 주세요 {filler}"),
        ("short",),
    ),
    Family(
        "hurried",
        ("{home} 빨리 나가야 해서요", "급하게 방 내놉니다"),
        (
            "{home}인데 {price} 괜찮습니다 {fee}에요. {floor}이고 {area} 정도 됩니다 {filler} 짐이 많아도 괜찮아요 {inside} 있어요 {move}합니다",
            "사정이 있어서 빨리 빼야 합니다 {home}이고 {price} {fee} 입니다 {floor} {area} {outside} 있어요 {move} 됩니다",
        ),
        ("typos",),
        kinds=FLATS,
        noise=(typos, spacing),
        split="test",
    ),
    Family(
        "apart",
        ("{region} {home} 월세", "{home} 월세 놓습니다"),
        (
            "보증금은 {deposit}이에요. {filler} {floor}이고 {area}입니다. {inside} 있습니다. 그리고 월세는 {rent}, {fee}. {move}",
            "월세 {rent}씩 받고 있어요. {fee}. {area}, {floor}. {filler} 보증금은 {deposit}입니다. {move}",
        ),
        deals=("월세",),
        kinds=FLATS,
    ),
    Family(
        "long_story",
        ("3년 산 {region} {home} 후기 겸 매물", "정든 {home}을 떠나며"),
        (
            "처음 독립하면서 구한 집이라 애정이 많아요. {filler} 아침에는 해가 잘 들고 밤에는 조용해서 재택하기 좋았습니다. {filler} "
            "크기는 {area}이고 {floor}이에요. 처음에는 좁을까 걱정했는데 {inside} 넣고도 자리가 남더라고요. {filler} "
            "건물에는 {outside} 있어서 편했어요. 금액은 {price}이고 {fee}입니다. 다음 분도 좋은 기억 만드시면 좋겠어요. {move}",
        ),
        ("long",),
        deals=RENTED,
        kinds=FLATS,
    ),
    Family(
        "business",
        ("{region} {home} {deal}", "{home} 자리 있습니다"),
        (
            "{price}, {fee}. {area}, {floor}. 권리금 없음. {outside} 있습니다. {move}",
            "업종 제한 없습니다. {floor} {area}\n{price}\n{fee}\n{filler}\n{move}",
        ),
        deals=("매매", "월세"),
        kinds=("상가", "사무실"),
        split="test",
    ),
    Family(
        "wordless",
        ("{home}", "{region} {home}"),
        (
            "{area} {filler} 가격은 채팅으로 물어봐 주세요",
            "{floor}, {inside} 있어요. {filler}",
            "{filler} {move}",
        ),
        ("short",),
        kinds=FLATS,
    ),
    Family(
        "english_prose",
        ("{home_en} in Korea", "Nice {home_en} near the station"),
        (
            "My {home_en}: {area_en}, {floor_en}. {price_en}, {fee_en}. {filler_en} It comes with {inside_en}. The building has {outside_en}. {move_en}.",
            "I am leaving Korea, so my {home_en} is free: {price_en}. {fee_en}. {area_en}, {floor_en}. {filler_en} {move_en}.",
        ),
        ("english",),
        kinds=tuple(DEV.english_kinds),
    ),
    Family(
        "english_list",
        ("[Listing] {home_en}",),
        (
            "* Price: {price_en}\n* Fee: {fee_en}\n* Floor: {floor_en}\n* Size: {area_en}\n* Inside: {inside_en}\n* Building: {outside_en}\n* {move_en}",
        ),
        ("english",),
        kinds=tuple(DEV.english_kinds),
        split="test",
    ),
    Family(
        "mixed",
        ("{region} {home} / foreigners welcome", "{home} near campus 문의"),
        (
            "{price}, {fee}. Size {area_en}, {floor}. 옵션: {inside}. {filler_en} {move_en}",
            "위치: near subway. {price} ({fee_en}) {area} {floor_en} {inside_en} 있어요. {move}",
        ),
        ("mixed",),
        kinds=FLATS,
    ),
    Family(
        "two_homes",
        ("{home} 두 곳 있어요", "{region} 매물 2개"),
        (
            "(1) {home} {price} / {floor} / {area} / {fee} / {move}\n(2) {other}",
            "먼저 {home}, {price}이고 {fee}예요. {area}, {floor}. {move}. 다른 하나는 {other}",
        ),
        ("multi",),
        kinds=FLATS,
    ),
    Family(
        "sloppy",
        ("{region} {home} 급히 내놔요", "{home} 구경오세요"),
        (
            "{home} 이고 {price} 이에요 {fee} 에요. {floor} {area} 됩니다. {filler} {inside} 있습니다. {move}",
            "짐 정리 중이라 답이 늦어도 괜찮으시면 연락 주세요. {price}, {fee}. {floor}. {area}. {outside} 있어요. {move}",
        ),
        ("typos",),
        kinds=FLATS,
        noise=(typos, spacing),
    ),
    Family(
        "short_note",
        ("{region} {home} {price}",),
        ("{floor}, {area}. {move}", "{fee}. {area}. 채팅 주세요"),
        ("short",),
        split="test",
    ),
    Family(
        "board",
        ("[공유] {region} {home} 매물장",),
        (
            "──── 매물장 사본 ────\n아래 내용은 중개사무소 매물장을 그대로 옮긴 것으로 실제와 다를 수 있습니다. 방문 전에 전화로 확인해 주세요.\n"
            "종류 {home}\n조건 {price}, {fee}\n층수 {floor}\n면적 {area}\n집 안 {inside}\n건물 {outside}\n입주 {move}\n"
            "※ 중복 등록된 매물일 수 있습니다. ※ 사진은 같은 구조의 다른 호실입니다. ※ 계약금 송금 전에 소유자를 꼭 확인하세요. {filler}",
        ),
        ("long", "copied"),
        split="test",
    ),
    Family(
        "frank",
        ("{home} 솔직 소개", "{region} {home} {deal}합니다"),
        (
            "{price}, {fee}. {floor}, {area}. 참고로 {denied}. 그래도 {inside} 있음. {move}",
            "먼저 말씀드리면 {denied}. {filler} {outside} 있음. {price}. {area}. {move}",
        ),
        ("negation",),
        kinds=FLATS,
        split="test",
    ),
    Family(
        "beside",
        ("시장 근처 {home}", "{region} 은행 옆 {home}"),
        (
            "한빛빌라 건너편 골목 {home} {price}. {fee}. {floor}, {area}. {move}",
            "새봄아파트 정문 맞은편 {home}이고 {price}, {fee}. 1층에 카페 있음. {floor}, {area}. {move}",
        ),
        ("location",),
        kinds=("원룸", "투룸", "쓰리룸"),
        split="test",
    ),
    Family(
        "emoji_card",
        ("🌿{region} {home}🌿", "🔑 {home} {deal} 🔑"),
        ("📍{region}\n💵 {price}\n🧾 {fee}\n🪜 {floor}\n📏 {area}\n🧺 {inside}\n🚪 {outside}\n🗓 {move}",),
        ("emoji",),
        noise=(emoji,),
        split="test",
    ),
    Family(
        "bilingual",
        ("{region} {home}, English OK", "{home} for expats 환영"),
        (
            "{price} / {fee_en}. {area_en}, {floor}. {filler_en} 옵션은 {inside}. {move_en}",
            "{price}, {fee}. {floor_en}, {area}. It has {inside_en}. {move}",
        ),
        ("mixed",),
        kinds=FLATS,
        split="test",
    ),
)


@dataclass
class _Post(Listing):
    """A listing with sentences that say nothing for the form."""

    used: list[str] = field(default_factory=list)

    def filler(self) -> str:
        return self._new(FILLERS)

    def filler_en(self) -> str:
        return self._new(ENGLISH_FILLERS)

    def _new(self, sentences: Sequence[str]) -> str:
        """A sentence that does not stand in this listing yet."""
        chosen = self.rng.choice([one for one in sentences if one not in self.used])
        self.used.append(chosen)
        return chosen.format(n=self.rng.randint(3, 15))

    def other(self) -> str:
        """A second home, which the label leaves out."""
        second = _Post(self.rng, self.written, ("전세", "월세"), ("투룸", "빌라"), self.split)
        text = second.fill("{home}: {price}, {floor}, {area}, {move}")
        self.kept.extend(second.kept)
        return text


def cases() -> list[Case]:
    """All generated cases, families in order."""
    rng = dice(USE_CASE)
    written = [(family, timestamp(rng)) for family in FAMILIES for _ in range(EACH)]
    return [_case(number, family, moment) for number, (family, moment) in enumerate(written, 1)]


def listing(number: int, family: Family, moment: str) -> tuple[Listing, str, str]:
    """The listing of that number with its title and body; the same each time."""
    rng = dice(USE_CASE, f"case {number}")
    post = _Post(rng, datetime.fromisoformat(moment), family.deals, family.kinds, family.split)
    title, body = (post.fill(rng.choice(templates)) for templates in (family.titles, family.bodies))
    for change in family.noise:
        body = change(rng, body, post.kept) if change in (typos, spacing) else change(rng, body)
    return post, title, body


def _case(number: int, family: Family, moment: str) -> Case:
    post, title, body = listing(number, family, moment)
    record = {
        "article_id": f"rg{number:04d}",
        "title": title,
        "body": body,
        "region": post.place,
        "created_at": moment,
    }
    return Case(f"re-{number:04d}", record, post.expected, family.slices, family.split, family.name)
