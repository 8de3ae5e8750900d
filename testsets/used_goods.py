"""Synthetic listings: an item, its state, its price and a place are drawn; then the listing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from testsets.common import (
    Case,
    Json,
    dice,
    noisy,
    numbered,
    particle,
    timestamp,
    won_text,
)
from testsets.used_goods_items import (
    CHATTER,
    ENGLISH_ITEMS,
    ENGLISH_PLACES,
    ENGLISH_STATES,
    ENGLISH_SUITS,
    HELD_ENGLISH_STATES,
    HELD_ENGLISH_SUITS,
    HELD_NEW_ONLY,
    HELD_STATES,
    HELD_SUITS,
    ITEMS,
    NEVER_BROKEN,
    NEW_ONLY,
    PLACES,
    REGIONS,
    STATES,
    SUITS,
    Item,
)

EACH_FAMILY = 13
AUDIENCES = {
    "phone": "tech", "computer": "tech", "audio": "tech", "camera": "hobbyists", "game": "gamers", "appliance": "household",
    "furniture": "household", "home": "household", "clothing": "style", "shoes": "style", "accessory": "style",
    "beauty": "style", "kids": "parents", "sports": "active", "book": "readers", "hobby": "hobbyists",
    "pet": "pet_owners", "ticket": "culture", "vehicle": "drivers", "other": "everyone",
    "book/children": "parents", "book/study": "students",
}  # fmt: skip
"""Who looks at a department or category when the listing names nobody, as LABELLING.md says."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a listing says. price: in won, None: not said; who: whom the listing names, None: nobody."""

    item: Item
    other: Item
    condition: str
    state: str
    price: int | None
    price_text: str
    place: str | None
    who: str | None
    suits: str
    chatter: tuple[str, ...]

    @property
    def marks(self) -> str:
        """The further words about the item: `64기가 블루`."""
        return " ".join(self.item.marks)

    @property
    def audience(self) -> str:
        """Whom to show it to."""
        category = self.item.category
        department = AUDIENCES[category.split("/")[0]]
        return self.who or AUDIENCES.get(category, department)

    def expected(self, text: str) -> Json:
        """The labels. text: title and body; keywords are words of it."""
        words = (self.item.kind, *self.item.marks)
        return {
            "brand": self.item.brand,
            "model": self.item.model,
            "category": self.item.category,
            "department": self.item.category.split("/")[0],
            "condition": self.condition,
            "price_krw": self.price,
            "keywords": [word for word in words if word in text][:3],
            "audience": self.audience,
            "trade_place": self.place,
        }

    @property
    def kept(self) -> list[str]:
        """The words that noise must not touch, because labels copy them."""
        item, other = self.item, self.other
        named = (item.name, item.brand, item.model, item.kind, *item.marks, other.name)
        return [text for text in (*named, self.price_text, self.place) if text]


Text = tuple[Truth, str, str]
"""What is true after writing, the title and the body."""
Family = Callable[[Truth, Random], Text]


@dataclass(frozen=True, slots=True)
class Phrases:
    """What a listing says of a state or of whom the thing suits: of one split, in one language."""

    states: Mapping[str, Sequence[str]]
    suits: Mapping[str, Sequence[str]]
    new_only: Mapping[str, str]


PHRASES = {
    ("dev", False): Phrases(STATES, SUITS, NEW_ONLY),
    ("test", False): Phrases(HELD_STATES, HELD_SUITS, HELD_NEW_ONLY),
    ("dev", True): Phrases(ENGLISH_STATES, {who: [text] for who, text in ENGLISH_SUITS.items()}, {}),
    ("test", True): Phrases(
        HELD_ENGLISH_STATES, {who: [text] for who, text in HELD_ENGLISH_SUITS.items()}, {}
    ),
}
"""By split, and whether in English."""


def draw(rng: Random, split: str, english: bool = False) -> Truth:
    """One truth for a listing that sells a thing at a place for a price, in the words of that split."""
    phrases = PHRASES[split, english]
    items = ENGLISH_ITEMS if english else ITEMS
    item, other = rng.choice(items), rng.choice(items)
    condition, state = _condition(rng, item, phrases)
    scale = {"new": 1.4, "like_new": 1.2, "used": 1.0, "broken": 0.3}[condition]
    price = max(1, round(item.thousands * scale * rng.uniform(0.8, 1.2))) * 1000
    text = f"{price:,} won" if english else won_text(rng, price)
    place = rng.choice(ENGLISH_PLACES if english else PLACES)
    chatter = tuple(rng.sample(CHATTER, 3))
    truth = Truth(item, other, condition, state, price, text, place, None, "", chatter)
    return _suited(rng, truth, phrases, english)


def _condition(rng: Random, item: Item, phrases: Phrases) -> tuple[str, str]:
    states = phrases.states
    if item.category in phrases.new_only:
        return "new", phrases.new_only[item.category]
    conditions = [name for name in states if name != "broken" or not item.category.startswith(NEVER_BROKEN)]
    if item.category == "other/plant":
        conditions = ["used"]
    condition = rng.choice([*conditions, "used"])
    return condition, rng.choice(states[condition])


def _suited(rng: Random, truth: Truth, phrases: Phrases, english: bool) -> Truth:
    """Things for the home or the desk often name somebody whom they suit."""
    fitting = ("phone", "computer", "appliance", "furniture", "home")
    if not truth.item.category.startswith(fitting) or rng.random() < 0.4:
        return truth
    who = rng.choice(list(phrases.suits))
    return replace(truth, who=who, suits=f" {rng.choice(phrases.suits[who])}{'' if english else '.'}")


def plain(t: Truth, rng: Random) -> Text:
    return (
        t,
        f"{t.item.name} 팝니다",
        f"{t.marks}이고 {t.state}.{t.suits} {t.price_text}에 드려요. {t.place} 직거래",
    )


def terse(t: Truth, rng: Random) -> Text:
    return replace(t, who=None), t.item.name, f"{t.marks} / {t.state} / {t.price_text} / {t.place}"


def title_price(t: Truth, rng: Random) -> Text:
    return t, f"{t.item.name} {t.price_text}", f"{t.state}.{t.suits} {t.marks}. 거래는 {t.place}에서 해요"


def story(t: Truth, rng: Random) -> Text:
    why = rng.choice(("이사하게 되어", "새로 하나 사게 되어", "쓸 일이 없어져서"))
    body = f"{why} {particle(t.item.kind, '을를')} 내놓아요. {t.state}.{t.suits} {t.marks}예요. 가격은 {t.price_text}이고 {t.place} 앞에서 뵐게요."
    return t, f"{t.item.name} 내놓습니다", body


def list_lines(t: Truth, rng: Random) -> Text:
    body = f"- 제품: {t.item.name}\n- 옵션: {t.marks}\n- 상태: {t.state}.{t.suits}\n- 가격: {t.price_text}\n- 장소: {t.place}"
    return t, f"[판매] {t.item.kind}", body


def lowered(t: Truth, rng: Random) -> Text:
    before = f"{(t.price or 0) + 20_000:,}원"
    body = f"{t.state}. {t.marks}.{t.suits} {before}에 올렸는데 {t.price_text}으로 내려요. {t.place}"
    return t, f"(가격내림) {t.item.name}", body


def list_price(t: Truth, rng: Random) -> Text:
    body = f"정가 {(t.price or 0) * 2:,}원인데 {t.price_text}에 팔아요. {t.state}.{t.suits} {t.marks}. {t.place}에서 만나요"
    return t, f"{t.item.name} 싸게 드려요", body


def quick_discount(t: Truth, rng: Random) -> Text:
    body = f"{t.state}. {t.marks}.{t.suits} {t.price_text}인데 바로 오시면 커피 한 잔 값 빼드려요. {t.place}까지 오실 분"
    return t, f"{t.item.name} 급처", body


def delivery_only(t: Truth, rng: Random) -> Text:
    body = f"{t.marks}. {t.state}.{t.suits} {t.price_text}, 택배로만 보내드려요. 직거래는 안 합니다"
    return replace(t, place=None), f"{t.item.name} 택배 판매", body


def free(t: Truth, rng: Random) -> Text:
    given = rng.choice(("무료나눔", "나눔", "그냥 드려요"))
    body = f"{given}. {t.marks}. {t.state}.{t.suits} {t.place}로 오시면 됩니다. {t.chatter[0]}"
    return replace(t, price=0, price_text=given), f"{t.item.name} 나눔해요", body


def not_free(t: Truth, rng: Random) -> Text:
    body = f"나눔 아닙니다. 네고도 안 받아요. {t.price_text}. {t.marks}, {t.state}.{t.suits} {t.place}"
    return t, f"{t.item.name}", body


def offers(t: Truth, rng: Random) -> Text:
    body = f"{t.state}. {t.marks}.{t.suits} 가격은 제시해주세요. {t.place} 근처면 좋겠어요"
    return replace(t, price=None, price_text=""), f"{t.item.name} 가격제안 받아요", body


def wanted(t: Truth, rng: Random) -> Text:
    body = f"{t.item.name}({t.marks}) {t.price_text}에 구해요. 상태는 안 가립니다. {t.place}에서 받을게요"
    return replace(t, condition="unknown", who=None), f"{t.item.name} 삽니다", body


def with_extra(t: Truth, rng: Random) -> Text:
    """Several things: the one in the title is labelled, at its single price."""
    body = f"{t.item.name} {t.price_text}, {t.other.name} 3천원이에요. {t.item.name} 상태는 {t.state}. {t.marks}.{t.suits} {t.place}"
    return t, f"{t.item.name} 외 1개", body


def together(t: Truth, rng: Random) -> Text:
    """Several things that are sold only together."""
    body = f"{t.item.name}, {t.other.name} 같이 가져가실 분, 합쳐서 {t.price_text}. {t.item.kind}: {t.state}. {t.marks}.{t.suits} 따로 안 팔아요. {t.place}"
    return t, f"{t.item.name} + {t.other.name} 일괄", body


def mover(t: Truth, rng: Random) -> Text:
    lines = f"1. {t.item.name}({t.marks}) {t.price_text}\n2. {t.other.name} 5천원\n3. 빨래건조대 2천원"
    body = f"이사 정리합니다.\n{lines}\n1번은 {t.state}.{t.suits} {t.chatter[0]}. {t.chatter[1]}. {t.place}에서 받아가세요"
    return t, f"이사정리 {t.item.name} 등", body


def essay(t: Truth, rng: Random) -> Text:
    body = (
        f"안녕하세요. 이번에 집을 정리하면서 {particle(t.item.name, '을를')} 판매하려고 글 올립니다. 옵션은 {t.marks}입니다. "
        f"{t.state}.{t.suits} 구입할 때 영수증은 없어졌고 구성품은 다 있어요. {t.chatter[0]}. {t.chatter[1]}. "
        f"평일은 저녁 8시 이후, 주말은 아무 때나 괜찮습니다. 판매가는 {t.price_text}이고 배송비는 따로예요. "
        f"만나는 곳은 {t.place}이면 좋겠습니다. {t.chatter[2]}. 긴 글 읽어주셔서 감사합니다."
    )
    return t, f"{t.item.name} 판매합니다 (상세설명 필독)", body


def copied(t: Truth, rng: Random) -> Text:
    block = "※ 안전거래 안내 ※ 계좌이체 전 꼭 물건을 확인하세요. 외부 링크로 결제를 유도하면 신고해 주세요."
    body = f"{t.item.name} {t.marks}\n{t.state}.{t.suits}\n판매가 {t.price_text}\n거래장소 {t.place}\n{block}\n{block}"
    return t, f"{t.item.name} 판매글입니다", body


def hashtagged(t: Truth, rng: Random) -> Text:
    tags = " ".join("#" + word.replace(" ", "") for word in (t.item.kind, "중고", "직거래"))
    return t, f"{t.item.name}", f"{t.state}! {t.marks}.{t.suits} {t.price_text} {t.place}\n{tags}"


def shouting(t: Truth, rng: Random) -> Text:
    body = f"★{t.state}★ {t.marks}!!{t.suits} 단돈 {t.price_text}!! {t.place}!! 선착순이요"
    return t, f"!!!{t.item.name}!!! 급매", body


def far_place(t: Truth, rng: Random) -> Text:
    """The place in which it was bought is named, too; it is no meeting place."""
    body = f"코스트코 양재점에서 산 거고 {t.state}. {t.marks}.{t.suits} {t.price_text}. 저는 {t.place}에 있으니 오셔서 가져가세요"
    return t, f"{t.item.name} 판매", body


def casual(t: Truth, rng: Random) -> Text:
    body = f"이거 {t.state}~ {t.marks}구 {t.price_text}만 받을게요.{t.suits} {t.place} ㄱㄱ"
    return t, f"{t.item.name} 가져가실분", body


def english(t: Truth, rng: Random) -> Text:
    body = f"{t.marks}. {t.state}{t.suits} Asking {t.price_text}. Pick up at {t.place}."
    return t, f"{t.item.name} for sale", body


def english_moving(t: Truth, rng: Random) -> Text:
    body = f"Leaving Korea next month, so my {t.item.kind} has to go. {t.marks}. {t.state}{t.suits}\nPrice: {t.price_text}\nMeet at {t.place}, evenings only."
    return t, f"Moving sale: {t.item.name}", body


def mixed(t: Truth, rng: Random) -> Text:
    body = f"{t.marks} / {t.state} 가격은 {t.price_text} 이고 no 네고입니다.{t.suits} {t.place}에서 직거래 가능해요. DM please"
    return t, f"{t.item.name} 팝니다 (for sale)", body


def reposted(t: Truth, rng: Random) -> Text:
    lines = f"{t.item.name} / {t.marks}\n{t.state}.{t.suits}\n{t.price_text}\n{t.place}"
    body = f"(예전 글 그대로 다시 올려요)\n────────\n{lines}\n────────\n이 글은 끌올입니다. 교환 문의는 안 받습니다. 채팅 예절 지켜 주세요."
    return t, f"[끌올] {t.item.name}", body


def passing_by(t: Truth, rng: Random) -> Text:
    """Where the seller works is named first; they do not meet there."""
    body = f"{t.marks}. {t.state}.{t.suits} 직장이 여의도라 평일 낮은 어렵고 주말에 {t.place}에서만 드릴 수 있어요. {t.price_text}"
    return t, f"{t.item.name} 정리합니다", body


def english_note(t: Truth, rng: Random) -> Text:
    body = f"Hi! {t.state}{t.suits} Details: {t.marks}. {t.price_text}, no haggling. {t.place} works best for me."
    return t, f"Selling my {t.item.name}", body


def mixed_note(t: Truth, rng: Random) -> Text:
    body = f"옵션: {t.marks}. {t.state}{t.suits} Price는 {t.price_text} 이에요. pick up은 {t.place}, 평일 저녁 OK"
    return t, f"{t.item.name} sale 합니다", body


FAMILIES: dict[Family, tuple[str, ...]] = {
    plain: (),
    terse: ("short",),
    title_price: ("short",),
    story: (),
    list_lines: (),
    lowered: (),
    list_price: (),
    quick_discount: (),
    delivery_only: ("short", "negation"),
    free: (),
    not_free: ("negation",),
    offers: (),
    wanted: ("short",),
    with_extra: ("multi",),
    together: ("multi",),
    mover: ("multi", "long"),
    essay: ("long",),
    copied: ("copied", "long"),
    hashtagged: (),
    shouting: (),
    far_place: ("location",),
    casual: ("short",),
    english: ("english",),
    english_moving: ("english",),
    mixed: ("mixed",),
    reposted: ("copied",),
    passing_by: ("location",),
    english_note: ("english",),
    mixed_note: ("mixed",),
}
HELD_OUT = (
    *(quick_discount, lowered, not_free, free, mover, together, wanted, hashtagged, copied),
    *(passing_by, english_note, mixed_note),
)
"""The families of `test`: chosen so that every kind of input is in both splits."""


def cases() -> list[Case]:
    """The generated test set. Each family has its own dice: another one changes none of them."""
    made = [
        _case(rng, family, slices)
        for family, slices in FAMILIES.items()
        for rng in [dice("used_goods", family.__name__)]
        for _ in range(EACH_FAMILY)
    ]
    return numbered(made, "ug")


def _case(rng: Random, family: Family, slices: tuple[str, ...]) -> Case:
    split = "test" if family in HELD_OUT else "dev"
    truth, title, body = family(draw(rng, split, bool({"english", "mixed"} & set(slices))), rng)
    body, noise = noisy(rng, body, truth.kept)
    record = {
        "article_id": f"g{rng.randrange(10**8):08}",
        "title": title,
        "body": body,
        "region": rng.choice(REGIONS),
        "created_at": timestamp(rng),
    }
    labels = truth.expected(f"{title} {body}")
    return Case("", record, labels, (*slices, *noise), split, family.__name__)
