"""Synthetic posts of neighbours: the tags are drawn, then sentences that are about them are put into a post."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random

from furrow.config.hashtags import normalise_tags
from testsets import hashtags_held_out as held_out
from testsets import hashtags_words as known
from testsets.common import Case, Json, dice, noisy, numbered, particle, timestamp
from testsets.hashtags_words import BUILDINGS, CHATTER, PLACES, Subject

EACH_FAMILY = 13
REGIONS = (
    "경기 수원시",
    "서울 마포구",
    "경기 성남시",
    "부산 부산진구",
    "광주 남구",
    "제주 제주시",
    "대전 서구",
    "인천 남동구",
    "대구 북구",
)


@dataclass(frozen=True, slots=True)
class Told:
    """One subject as a post tells it: its tag, the word that it names, the sentence."""

    tag: str
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Draw:
    """What a family may tell: two subjects, one more that the post is not about, and small talk."""

    first: Told
    second: Told
    absent: Subject
    chatter: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Post:
    """A written post and the subjects that it is about."""

    title: str
    body: str
    about: tuple[Told, ...]


Family = Callable[[Draw, Random], Post]


def draw(rng: Random, english: bool, test: bool) -> Draw:
    """Two different subjects and the rest, in the words that are for `test` or in those for `dev`."""
    words = held_out if test else known
    first, second, absent = rng.sample(words.ENGLISH if english else words.SUBJECTS, 3)
    return Draw(
        _told(rng, first),
        _told(rng, second),
        absent,
        tuple(rng.sample(CHATTER, 3)),
        rng.choice(PLACES),
    )


def _told(rng: Random, subject: Subject) -> Told:
    sentence, word = rng.choice(subject.sentences), rng.choice(subject.words)
    fitting = {"w를": particle(word, "을를"), "w가": particle(word, "이가")}
    return Told(subject.tag, word, sentence.format(w=word, **fitting))


def plain(d: Draw, rng: Random) -> Post:
    return Post("동네 이야기", f"{d.first.sentence}. {d.chatter[0]}", (d.first,))


def terse(d: Draw, rng: Random) -> Post:
    return Post("", d.first.sentence, (d.first,))


def titled(d: Draw, rng: Random) -> Post:
    return Post(d.first.sentence, d.chatter[0], (d.first,))


def question(d: Draw, rng: Random) -> Post:
    return Post(
        "질문이요",
        f"안녕하세요 {d.place} 사는 주민이에요. {d.first.sentence}. 아시는 분 댓글 부탁드려요!",
        (d.first,),
    )


def two(d: Draw, rng: Random) -> Post:
    return Post("오늘 있었던 일", f"{d.first.sentence}. 그리고 {d.second.sentence}.", (d.first, d.second))


def two_lines(d: Draw, rng: Random) -> Post:
    return Post(
        f"{d.place} 소식 두 가지", f"1. {d.first.sentence}\n2. {d.second.sentence}", (d.first, d.second)
    )


def long_story(d: Draw, rng: Random) -> Post:
    body = (
        f"안녕하세요, {d.place}에 산 지 삼 년 된 주민입니다. 평소에 눈팅만 하다가 처음 글을 써봐요. {d.chatter[0]}. "
        f"다름이 아니라 {d.first.sentence}. 처음에는 별생각이 없었는데 자꾸 생각이 나서요. {d.chatter[1]}. "
        f"혹시 비슷한 경험 있으신 분들 이야기도 듣고 싶습니다. 긴 글 읽어주셔서 고맙습니다. {d.chatter[2]}."
    )
    return Post("처음 글 써봅니다", body, (d.first,))


def long_two(d: Draw, rng: Random) -> Post:
    body = (
        f"주말 일기입니다. 아침에 늦잠을 자고 나갔어요. {d.first.sentence}. 오후에는 비가 올까 걱정했는데 괜찮았어요. "
        f"집에 오는 길에 이웃을 만나 이야기했어요. {d.second.sentence}. 이렇게 하루가 갔네요. {d.chatter[0]}. {d.chatter[1]}."
    )
    return Post("주말 일기", body, (d.first, d.second))


def with_tags(d: Draw, rng: Random) -> Post:
    return Post("기록", f"{d.first.sentence}.\n#{d.first.word} #일상 #{d.first.word} #소통해요", (d.first,))


def not_about(d: Draw, rng: Random) -> Post:
    return Post(
        "오해 마세요", f"{d.absent.tag} 얘기 아니에요. {d.first.sentence}. {d.chatter[0]}", (d.first,)
    )


def not_any_more(d: Draw, rng: Random) -> Post:
    return Post("", f"{d.absent.tag} 글은 지웠어요. 대신 이 얘기 할게요. {d.first.sentence}", (d.first,))


def beside(d: Draw, rng: Random) -> Post:
    return Post(
        "위치 물어봐서 남겨요",
        f"{d.absent.words[0]} 간판 옆 골목이에요. {d.first.sentence}. {d.place}입니다",
        (d.first,),
    )


def near(d: Draw, rng: Random) -> Post:
    return Post("", f"{d.place} {_building(d, rng)} 건너편에서 적어요. {d.first.sentence}", (d.first,))


def _building(d: Draw, rng: Random) -> str:
    return rng.choice([building for building in BUILDINGS if building != d.first.tag])


def copied(d: Draw, rng: Random) -> Post:
    notice = "[공지] 서로 존중하는 댓글 문화를 만들어요. 광고 글은 삭제될 수 있습니다."
    return Post("공유합니다", f"{notice}\n{d.first.sentence}.\n{notice}", (d.first,))


def pasted(d: Draw, rng: Random) -> Post:
    body = f"단톡방에서 퍼왔어요\n---\n{d.first.sentence}. {d.second.sentence}\n---\n여기까지예요"
    return Post("퍼온 글", body, (d.first, d.second))


def exclaiming(d: Draw, rng: Random) -> Post:
    return Post("대박!!", f"여러분!!! {d.first.sentence}!!! {d.chatter[0]}!!!", (d.first,))


def grateful(d: Draw, rng: Random) -> Post:
    return Post(
        "감사 인사",
        f"지난번에 답글 달아주신 분들 고마워요. 덕분에 해결했어요. {d.first.sentence}",
        (d.first,),
    )


def complaint(d: Draw, rng: Random) -> Post:
    return Post("하소연", f"어디 말할 데가 없어서 적어봐요. {d.first.sentence}. 저만 그런가요", (d.first,))


def list_post(d: Draw, rng: Random) -> Post:
    return Post(
        "이번 주 정리", f"- {d.first.sentence}\n- {d.second.sentence}\n- {d.chatter[0]}", (d.first, d.second)
    )


def news(d: Draw, rng: Random) -> Post:
    return Post(
        f"{d.place} 소식통",
        f"소식 전해드려요. {d.first.sentence}. 출처는 지나가다 들은 이야기예요",
        (d.first,),
    )


def friend(d: Draw, rng: Random) -> Post:
    body = f"친구가 이렇게 적어 달래요. {d.first.sentence}. {d.chatter[0]}"
    return Post("친구 대신 올려요", body, (d.first,))


def english(d: Draw, rng: Random) -> Post:
    return Post("hello neighbours", f"Hi all. {d.first.sentence}. Thanks for reading!", (d.first,))


def english_two(d: Draw, rng: Random) -> Post:
    return Post("my week", f"{d.first.sentence}. Also, {d.second.sentence}.", (d.first, d.second))


def mixed(d: Draw, rng: Random) -> Post:
    return Post(
        "같이 얘기해요",
        f"안녕하세요 외국인 이웃이에요. {d.first.sentence}. 한국말 서툴러도 이해해 주세요",
        (d.first,),
    )


def mixed_aloud(d: Draw, rng: Random) -> Post:
    return Post(
        "Hello 이웃님들",
        f"{d.place} 산 지 일 년 됐어요. My Korean is not so good, 영어로 쓸게요. {d.first.sentence}. 고맙습니다 :)",
        (d.first,),
    )


FAMILIES: dict[Family, tuple[str, ...]] = {
    plain: (),
    terse: ("short",),
    titled: ("short",),
    question: (),
    two: ("multi",),
    two_lines: ("multi",),
    long_story: ("long",),
    long_two: ("multi", "long"),
    with_tags: (),
    not_about: ("negation",),
    not_any_more: ("negation",),
    beside: ("location",),
    near: ("location",),
    copied: ("copied",),
    pasted: ("copied", "multi"),
    exclaiming: (),
    grateful: (),
    complaint: (),
    list_post: ("multi",),
    news: (),
    friend: (),
    english: ("english",),
    english_two: ("english", "multi"),
    mixed: ("mixed",),
    mixed_aloud: ("mixed",),
}
HELD_OUT = frozenset(
    {titled, long_story, not_any_more, near, copied, list_post, friend, english, mixed_aloud}
)
"""The families that are `test`: chosen so that every slice that has two families is on both sides."""


def outside_plain(title: str, text: str, rng: Random) -> tuple[str, str]:
    return title, text


def outside_late(title: str, text: str, rng: Random) -> tuple[str, str]:
    body = f"{rng.choice(PLACES)} 이웃님들 안녕하세요. {text} 긴 글은 아니지만 읽어주셔서 고마워요."
    return "늦은 밤에 적어요", body


def outside_greeting(title: str, text: str, rng: Random) -> tuple[str, str]:
    return "", f"안녕하세요 {rng.choice(PLACES)} 주민이에요. {text}"


def outside_chatter(title: str, text: str, rng: Random) -> tuple[str, str]:
    return title, f"{text} {rng.choice(CHATTER)}"


OUTSIDERS = {"dev": (outside_greeting, outside_chatter), "test": (outside_plain, outside_late)}
"""How posts are written that fit no tag: title and body; some have a title of the family, or none."""


def cases() -> list[Case]:
    """The generated test set; what fits no tag stands at its end."""
    rng = dice("hashtags")
    drawn = [pair for pair in FAMILIES.items() for _ in range(EACH_FAMILY)]
    posts = [_case(rng, family, slices) for family, slices in drawn]
    return numbered([*posts, *_outside(dice("hashtags", "outside"))], "ht")


def _outside(rng: Random) -> Iterator[Case]:
    """Every post that fits no tag, in the families of its split by turns."""
    for split, words in (("dev", known), ("test", held_out)):
        english = len(words.OUTSIDE)
        told = [*words.OUTSIDE, *words.OUTSIDE_ENGLISH]
        for place, ((title, text), family) in enumerate(zip(told, cycle(OUTSIDERS[split]))):
            record, noise = _record(rng, *family(title, text, rng), keep=[])
            slices = ("outside", *(("english",) if place >= english else ()), *noise)
            yield Case("", record, {"topics": []}, slices, split, family.__name__)


def _case(rng: Random, family: Family, slices: tuple[str, ...]) -> Case:
    split = "test" if family in HELD_OUT else "dev"
    post = family(draw(rng, bool({"english", "mixed"} & set(slices)), split == "test"), rng)
    record, noise = _record(rng, post.title, post.body, [told.word for told in post.about])
    topics = [told.tag for told in post.about]
    tags = list(dict.fromkeys([*topics, *normalise_tags(told.word for told in post.about)]))[:5]
    labels = {"tags": tags, "topics": topics}
    return Case("", record, labels, (*slices, *noise), split, family.__name__)


def _record(rng: Random, title: str, body: str, keep: list[str]) -> tuple[Json, tuple[str, ...]]:
    body, noise = noisy(rng, body, keep)
    record = {
        "post_id": f"g{rng.randrange(10**8):08}",
        "title": title,
        "body": body,
        "region": rng.choice(REGIONS),
        "created_at": timestamp(rng),
    }
    return record, noise
