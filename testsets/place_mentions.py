"""Neighbourhood posts about invented places: which names stand in them, which are reviewed, which are real.

Truth first: the places of a post and what each is there for (reviewed, asked about, a landmark) are drawn,
then a family of templates writes the text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from testsets.common import Case, dice, emoji, jamo, particle, spacing, timestamp, typos
from testsets.place_phrases import BAD, ENGLISH, GOOD
from testsets.place_table import REGIONS, Place, places

USE_CASE = "place_mentions"
DEV_EACH, TEST_EACH = 13, 7
GHOST_HEADS = (
    "밤하늘공방",
    "오동나무",
    "조약돌",
    "수수깡",
    "방울새",
    "메아리",
    "솜사탕",
    "나룻배",
    "금잔디",
    "별주부",
)
GHOST_KINDS = ("제과", "커피", "국수", "식당", "미용실", "치과", "꽃집", "세탁소")
GHOST_CATEGORY = {"제과": "빵집", "커피": "카페", "국수": "음식점", "식당": "음식점", "미용실": "미용", "치과": "병원", "꽃집": "생활", "세탁소": "생활"}  # fmt: skip
_WRONG_VOWELS = {0: 4, 1: 5, 4: 0, 5: 1, 8: 4, 13: 18, 18: 13, 20: 19}
"""Medial vowel -> the one that a thumb hits instead, by its place in a Hangul syllable."""


@dataclass
class Post:
    """A post that is being written, and its truth. kept: what noise must not touch."""

    rng: Random
    split: str
    region: str
    shops: list[Place]
    title: str = ""
    body: str = ""
    mentions: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    unlinked: list[str] = field(default_factory=list)
    slices: set[str] = field(default_factory=set)

    def shop(self, plain: bool = True) -> Place:
        """A place of the region that the post does not have yet; a plain one is no branch of a chain."""
        fitting = [shop for shop in self.shops if (shop.branch is None) == plain]
        chosen = self.rng.choice(fitting)
        self.shops.remove(chosen)
        return chosen

    def name(self, shop: Place, reviewed: bool, written: str | None = None) -> str:
        """The name as it will stand in the text; the label follows from who is named, and what for."""
        name = written or self._spelled(shop)
        self.mentions.append(name)
        if reviewed:
            self.places.append(shop.id)
        return name

    def nowhere(self, name: str) -> str:
        """A name that is in no row of the region."""
        self.mentions.append(name)
        self.unlinked.append(name)
        return name

    def ghost(self) -> tuple[str, str]:
        """A name that is in no table, and its category."""
        kind = self.rng.choice(GHOST_KINDS)
        return self.nowhere(self.rng.choice(GHOST_HEADS) + kind), GHOST_CATEGORY[kind]

    def good(self, category: str) -> str:
        return self.rng.choice(GOOD[self.split][category])

    def bad(self, category: str) -> str:
        return self.rng.choice(BAD[self.split][category])

    def said(self, category: str) -> str:
        """Praise or blame."""
        return self.good(category) if self.rng.random() < 0.6 else self.bad(category)

    def pick(self, *texts: str) -> str:
        return self.rng.choice(texts)

    def _spelled(self, shop: Place) -> str:
        roll = self.rng.random()
        korean = [alias for alias in shop.aliases if not alias.isascii()]
        if roll < 0.2 and korean:
            return korean[0]
        if roll < 0.4 and shop.branch is None:
            return spaced(shop)
        return shop.name


def spaced(shop: Place) -> str:
    """The name with a space before its last word."""
    return f"{shop.head} {shop.stem.removeprefix(shop.head)}"


def misspelt(rng: Random, name: str) -> str:
    """The name with one wrong vowel."""
    able = [at for at, char in enumerate(name) if _vowel(char) in _WRONG_VOWELS]
    if not able:
        return name
    at = rng.choice(able)
    change = (_WRONG_VOWELS[_vowel(name[at])] - _vowel(name[at])) * 28
    return name[:at] + chr(ord(name[at]) + change) + name[at + 1 :]


def _vowel(char: str) -> int:
    return (ord(char) - ord("가")) // 28 % 21 if "가" <= char <= "힣" else -1


# --- dev: how a post may be written -----------------------------------------------------------------


def visit_good(post: Post) -> None:
    shop = post.shop()
    name = post.name(shop, reviewed=True)
    post.title = post.pick("추천해요", "동네 맛집 공유", f"{name} 후기", "다녀온 이야기")
    start = post.pick(f"어제 {name} 다녀왔는데", f"{name} 처음 가봤어요.", f"요즘 {name} 자주 가요.")
    post.body = f"{start} {post.good(shop.category)}"


def visit_bad(post: Post) -> None:
    shop = post.shop()
    name = post.name(shop, reviewed=True)
    post.title = post.pick("다시는 안 가요", "솔직 후기", "실망했어요")
    post.body = f"{post.pick('지난주에', '오늘 점심에', '큰맘 먹고')} {name} 갔는데 {post.bad(shop.category)}"


def two_reviewed(post: Post) -> None:
    first, second = post.shop(), post.shop()
    one, other = post.name(first, reviewed=True), post.name(second, reviewed=True)
    post.slices.add("multi")
    post.title = post.pick("두 군데 비교", "주말에 다녀온 곳들")
    post.body = (
        f"{particle(one, '은는')} {post.good(first.category)}. 그리고 {particle(other, '은는')} "
        f"{post.said(second.category)}. 참고하세요"
    )


def landmark_new(post: Post) -> None:
    landmark = post.name(post.shop(), reviewed=False)
    post.slices |= {"location", "multi"}
    post.title = post.pick("새로 생긴 가게", "오픈했길래 가봤어요")
    if post.rng.random() < 0.5:
        name, category = post.ghost()
    else:
        shop = post.shop()
        name, category = post.name(shop, reviewed=True), shop.category
    post.body = f"{landmark} {post.pick('옆에', '맞은편에', '건너편 2층에')} 생긴 {name} 가봤어요. {post.said(category)}"


def lost_item(post: Post) -> None:
    landmark = post.name(post.shop(), reviewed=False)
    post.slices.add("location")
    thing = post.pick("카드지갑", "에어팟 한 쪽", "아이 신발", "회색 우산", "차 키")
    post.title = post.pick("찾습니다", f"{particle(thing, '을를')} 잃어버렸어요")
    post.body = f"오늘 오전 {landmark} {post.pick('앞에서', '근처에서', '뒤 주차장에서')} {thing} 흘린 것 같아요. 보신 분 연락 주세요"


def ask(post: Post) -> None:
    shop = post.shop()
    name = post.name(shop, reviewed=False)
    post.title = post.pick("궁금합니다", "질문이요", f"{name} 어때요?")
    post.body = post.pick(
        f"{name} 가보신 분 계신가요? 이번 주에 예약하려는데 어떤지 알려주세요",
        f"이사 온 지 얼마 안 됐는데 {name} 괜찮은가요? 주차 되는지도 궁금해요",
    )


def ghost_review(post: Post) -> None:
    name, category = post.ghost()
    post.title = post.pick("여기 아시는 분", "숨은 곳 발견", "후기 남겨요")
    post.body = f"{name} 다녀왔습니다. {post.said(category)}"


def elsewhere(post: Post) -> None:
    name, category = _from_elsewhere(post)
    post.title = post.pick("이런 데도 있네요", "후기")
    post.body = f"친구가 데려간 {name}, {post.said(category)}"


def branch_said(post: Post) -> None:
    shop = post.shop(plain=False)
    written = post.pick(shop.name, shop.name.replace(" ", ""), shop.name.replace("점", "지점"))
    name = post.name(shop, reviewed=True, written=written)
    post.title = post.pick("지점 후기", "프랜차이즈지만 추천")
    post.body = f"{name} 갔다 왔어요. {post.said(shop.category)}"


def branch_unsaid(post: Post) -> None:
    stem, category = _two_branches(post)
    name = post.nowhere(stem)
    post.title = post.pick("프랜차이즈 후기", "오늘 먹은 것")
    post.body = f"{name} 오랜만에 갔는데 {post.said(category)}"


def english_review(post: Post) -> None:
    shop = _with_english(post)
    name = post.name(shop, reviewed=True, written=shop.english)
    post.slices.add("english")
    post.title = post.pick("My experience", "Just sharing", "Hidden gem?")
    post.body = f"Visited {name} {post.pick('yesterday', 'last weekend', 'with my kids')}. {post.rng.choice(ENGLISH[post.split])}."


def misspelt_review(post: Post) -> None:
    shop = post.shop()
    name = post.name(shop, reviewed=True, written=misspelt(post.rng, shop.name))
    post.slices.add("typos")
    post.title = post.pick("후기요", "다녀왓어요")
    post.body = typos(
        post.rng, f"{name} 갔다 왔는데요 {post.said(shop.category)}. 저는 그랬어요", keep=[name]
    )


def copied_menu(post: Post) -> None:
    shop = post.shop()
    name = post.name(shop, reviewed=True)
    post.slices.add("copied")
    post.title = post.pick("정보 공유합니다", "가격표 옮겨 적어요")
    block = "\n".join(
        (
            "[안내]",
            f"상호: {name}",
            "영업: 10:00~20:00 (월 휴무)",
            "전화 문의 환영",
            "※ 무단 전재 금지",
            "----",
        )
    )
    post.body = f"{block}\n직접 가보니 {post.said(shop.category)}"


def not_been(post: Post) -> None:
    unseen, shop = post.shop(), post.shop()
    name = post.name(unseen, reviewed=False)
    other = post.name(shop, reviewed=True)
    post.slices |= {"negation", "multi"}
    post.title = post.pick("아직 못 가봤어요", "대신 간 곳")
    post.body = (
        f"{particle(name, '은는')} 문 닫아서 못 들어가고 대신 {other} 갔어요. {post.said(shop.category)}"
    )


def no_place(post: Post) -> None:
    dong = post.rng.choice(REGIONS[post.region])
    post.title = post.pick("동네 소식", "혹시 저만 그런가요", "같이 해요")
    post.body = post.pick(
        f"{dong}동 쪽 공사 소리 때문에 잠을 못 자겠어요. 언제 끝나는지 아시는 분?",
        "괜찮은 빵집이랑 치과 추천 부탁드려요. 이사 온 지 일주일 됐어요",
        f"{dong}역 2번 출구 앞에 고양이가 자주 보이던데 누가 밥 주시나요?",
        "토요일 아침에 같이 뛰실 분 구해요. 5km 천천히 뜁니다",
    )


def long_story(post: Post) -> None:
    shop, landmark = post.shop(), post.shop()
    post.slices |= {"location", "multi", "long"}
    mark = post.name(landmark, reviewed=False)
    name = post.name(shop, reviewed=True)
    post.title = post.pick("길지만 읽어주세요", "오늘 하루 기록")
    post.body = (
        "결혼하고 이 동네로 이사 온 지 벌써 3년이 됐네요. 처음엔 길도 몰라서 매일 헤맸는데 이제는 골목까지 다 외웠어요. "
        f"오늘은 비가 와서 버스를 탔고, {mark} 앞 정류장에서 내려 한참 걸었어요. 우산도 뒤집어지고 신발도 다 젖었지만 "
        f"그래도 가기로 마음먹은 {name}까지 갔습니다. {post.said(shop.category)}. 집에 와서 씻고 누우니 그제야 피곤이 몰려오네요. "
        "다들 감기 조심하시고 좋은 밤 보내세요. 다음에는 친정 엄마랑 같이 가보려고요."
    )


def mixed_review(post: Post) -> None:
    shop = _with_english(post)
    name = post.name(shop, reviewed=True, written=shop.english)
    post.slices.add("mixed")
    post.title = post.pick("동네 hot place", "review 남겨요")
    post.body = f"{name} 여기 진짜 must visit이에요. {post.said(shop.category)}. parking은 좀 어려움"


# --- test: the same truths, written in other ways -----------------------------------------------------


def weekend_note(post: Post) -> None:
    shop = post.shop()
    name = post.name(shop, reviewed=True)
    post.title = post.pick("일요일의 기록", "좋은 곳은 나눠야죠", "칭찬합니다")
    post.body = f"우리 동네에 {name} 있는 게 복이에요. {post.good(shop.category)}"


def warning(post: Post) -> None:
    shop = post.shop()
    name = post.name(shop, reviewed=True)
    post.title = post.pick("주의하세요", "화나서 씁니다")
    post.body = f"{post.bad(shop.category)}. {name} 가실 분들 참고하시라고 적어요"


def compare(post: Post) -> None:
    first, second = post.shop(), post.shop()
    one, other = post.name(first, reviewed=True), post.name(second, reviewed=True)
    post.slices.add("multi")
    post.title = "둘 중 하나만 고르라면"
    post.body = f"1) {one}: {post.said(first.category)}\n2) {other}: {post.said(second.category)}\n둘 다 제 돈 주고 다녀왔습니다"


def directions(post: Post) -> None:
    mark, shop = post.name(post.shop(), reviewed=False), post.shop()
    name = post.name(shop, reviewed=True)
    post.slices |= {"location", "multi"}
    post.title = post.pick("찾아가는 길도 적어요", "골목 안쪽이라 몰랐네요")
    post.body = (
        f"{mark} 지나서 오른쪽 골목으로 들어가면 {particle(name, '이가')} 나와요. {post.said(shop.category)}"
    )


def meeting(post: Post) -> None:
    mark = post.name(post.shop(), reviewed=False)
    post.slices.add("location")
    post.title = post.pick("산책 모임 공지", "분리수거 봉투 나눔", "강아지 산책 친구")
    post.body = f"{post.pick('저녁 7시', '내일 오후 2시', '토요일 10시')}에 {mark} 정문에서 만나요. 늦으시면 댓글 주세요"


def request(post: Post) -> None:
    one, other = post.name(post.shop(), reviewed=False), post.name(post.shop(), reviewed=False)
    post.slices.add("multi")
    post.title = "결정을 못 하겠어요"
    post.body = f"{one}하고 {other} 중에 어디가 나을까요? 둘 다 안 가봐서요. 다녀오신 분들 의견 부탁드립니다"


def closing(post: Post) -> None:
    name, category = post.ghost()
    post.title = post.pick("문 닫기 전에", "단골의 기록")
    post.body = f"{particle(name, '이가')} 이달까지만 한대요. 3년 단골인데 {post.good(category)}. 아쉽네요"


def trip(post: Post) -> None:
    name, category = _from_elsewhere(post)
    post.title = "다른 동네 다녀온 이야기"
    post.body = f"멀리까지 가서 {name} 들렀습니다. {post.said(category)}"


def chain(post: Post) -> None:
    post.title = "체인점인데요"
    if post.rng.random() < 0.5:
        shop = post.shop(plain=False)
        name, category = post.name(shop, reviewed=True, written=shop.name), shop.category
    else:
        stem, category = _two_branches(post)
        name = post.nowhere(stem)
    post.body = f"{particle(name, '은는')} 어디나 같은 줄 알았는데 {post.said(category)}"


def english_tip(post: Post) -> None:
    shop = _with_english(post)
    name = post.name(shop, reviewed=True, written=shop.english)
    post.slices.add("english")
    post.title = post.pick("For other foreigners here", "A quick tip")
    post.body = f"{post.rng.choice(ENGLISH[post.split])}! I am talking about {name}, we have been there three times now."


def thumbs(post: Post) -> None:
    shop = post.shop()
    name = post.name(shop, reviewed=True, written=misspelt(post.rng, shop.name))
    post.slices.add("typos")
    post.title = "급하게 쓰느라 오타 양해"
    written = typos(
        post.rng, f"방금 {name} 나왔어요 {post.said(shop.category)} 여러분도 참고하시면 좋겠네요", keep=[name]
    )
    post.body = spacing(post.rng, written, keep=[name])


def forwarded(post: Post) -> None:
    shop = post.shop()
    name = post.name(shop, reviewed=False)
    post.slices.add("copied")
    post.title = "홍보 전단 퍼왔어요"
    post.body = f"<퍼온 글>\n★{name} 오픈 이벤트★ 전 품목 20% 할인, 선착순 50명 사은품 증정\n</퍼온 글>\n저는 아직 안 가봤어요"


def hearsay(post: Post) -> None:
    name = post.name(post.shop(), reviewed=False)
    post.slices.add("negation")
    post.title = "소문이 사실인가요"
    post.body = f"{name} 별로라는 얘기를 옆집에서 들었는데 저는 가본 적이 없어요. 정말 그런가요?"


def nothing_named(post: Post) -> None:
    dong = post.rng.choice(REGIONS[post.region])
    post.title = post.pick("동네 생활", "도와주세요")
    post.body = post.pick(
        f"{dong}동 주민센터 가는 마을버스 몇 분마다 오나요?",
        "집 앞 미용실에서 머리 잘랐는데 이름이 기억 안 나네요. 아무튼 만족해요",
        f"{dong} 사거리에서 사고 났어요. 돌아가세요",
    )


def diary(post: Post) -> None:
    first, second, third = post.shop(), post.shop(), post.shop()
    post.slices |= {"multi", "long", "location"}
    one = post.name(first, reviewed=True)
    mark = post.name(second, reviewed=False)
    last = post.name(third, reviewed=True)
    post.title = "연차 낸 날 동네 한 바퀴"
    post.body = (
        f"오랜만에 연차를 내고 동네를 걸었습니다. 아침에는 {one}부터 갔어요. {post.said(first.category)}. "
        "그다음에는 은행 일을 보고 관공서에서 서류도 떼고, 밀린 택배도 부쳤습니다. 생각보다 사람이 많아 오래 기다렸네요. "
        f"점심 지나서는 {mark} 건너편 버스 정류장에서 친구를 만나 같이 {last}에 들렀습니다. {post.said(third.category)}. "
        "돌아오는 길에 노을이 예뻐서 사진을 한참 찍었네요. 이런 날이 자주 있으면 좋겠습니다."
    )


def konglish(post: Post) -> None:
    shop = _with_english(post)
    name = post.name(shop, reviewed=True, written=shop.english)
    post.slices.add("mixed")
    post.title = "honest 후기"
    post.body = (
        f"{post.said(shop.category)}. 여기가 어디냐면 {name}! My kids도 좋아하는지는 다음에 알려드릴게요"
    )


def _from_elsewhere(post: Post) -> tuple[str, str]:
    """A place whose name, other names and first word are not of this region, and its category."""
    here = {shop.head for shop in places() if shop.region == post.region}
    away = [shop for shop in places() if shop.branch is None and shop.head not in here]
    shop = post.rng.choice(away)
    return post.nowhere(shop.name), shop.category


def _two_branches(post: Post) -> tuple[str, str]:
    """The chain with two branches in this region, and its category."""
    stems = [shop.stem for shop in post.shops if shop.branch]
    shop = next(shop for shop in post.shops if shop.branch and stems.count(shop.stem) == 2)
    return shop.stem, shop.category


def _with_english(post: Post) -> Place:
    while (shop := post.shop()).english is None:
        pass
    return shop


Family = Callable[[Post], None]
SLICES_IN_BOTH = True
DEV: tuple[Family, ...] = (
    visit_good, visit_bad, two_reviewed, landmark_new, lost_item, ask, ghost_review, elsewhere, branch_said,
    branch_unsaid, english_review, misspelt_review, copied_menu, not_been, no_place, long_story, mixed_review,
)  # fmt: skip
TEST: tuple[Family, ...] = (
    weekend_note, warning, compare, directions, meeting, request, closing, trip, chain, english_tip, thumbs,
    forwarded, hearsay, nothing_named, diary, konglish,
)  # fmt: skip


def cases() -> list[Case]:
    """Every generated case, in the order of the families."""
    rng, table = dice(USE_CASE), places()
    wanted = [(family, "dev") for family in DEV for _ in range(DEV_EACH)]
    wanted += [(family, "test") for family in TEST for _ in range(TEST_EACH)]
    made = [_case(number, family, split, rng, table) for number, (family, split) in enumerate(wanted, 1)]
    return _without_repeats(made, wanted, table)


def _without_repeats(made: list[Case], wanted: list[tuple[Family, str]], table: list[Place]) -> list[Case]:
    """The cases, those of `dev` drawn again by dice of their own when another has the same words.

    In `test` one pair with the same words stays, in two regions: results on these texts are published.
    """
    seen: set[tuple[str, str]] = set()
    for place, (family, split) in enumerate(wanted):
        again = dice(USE_CASE, f"again {place}")
        while split == "dev" and _words_of(made[place]) in seen:
            made[place] = _case(place + 1, family, split, again, table)
        seen.add(_words_of(made[place]))
    return made


def _words_of(case: Case) -> tuple[str, str]:
    return case.input["title"], case.input["body"]


def _case(number: int, family: Family, split: str, rng: Random, table: list[Place]) -> Case:
    region = rng.choice(list(REGIONS))
    post = Post(rng, split, region, [shop for shop in table if shop.region == region])
    family(post)
    _decorate(post)
    return Case(
        id=f"pm-{number:03d}",
        input={
            "post_id": f"g{number:04d}",
            "title": post.title,
            "body": post.body,
            "region": region,
            "created_at": timestamp(rng),
        },
        expected={"mentions": post.mentions, "places": post.places, "unlinked": post.unlinked},
        slices=tuple(sorted(post.slices)),
        split=split,
        family=family.__name__,
    )


def _decorate(post: Post) -> None:
    """Laughs and emoji in some posts; the words for length."""
    roll = post.rng.random()
    if roll < 0.15:
        post.body = _around_names(post, lambda text: emoji(post.rng, text))
        post.slices |= {"emoji"}
    elif roll < 0.35 and not post.slices & {"english"}:
        post.body = _around_names(post, lambda text: jamo(post.rng, text))
    if len(post.body) < 45:
        post.slices.add("short")
    elif len(post.body) > 200:
        post.slices.add("long")


def _around_names(post: Post, noise: Callable[[str], str]) -> str:
    """The body with noise that does not fall into a name with a space."""
    held = post.body
    for name in post.mentions:
        held = held.replace(name, name.replace(" ", "\u2060"))
    return noise(held).replace("\u2060", " ")
