"""Sets of photos of which one should be the cover. The cover is drawn first, then what stands around it.

The photos are those that `testsets/photos.py` draws. Scenes with odd numbers are for `dev`, those with even
numbers for `test`, so that no picture is in both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from testsets.common import Case, dice, timestamp
from testsets.photos import BANNERS, FLAWS, PLANS, ROOMS

USE_CASE = "real_estate_photos"
SLICES_IN_BOTH = True
_EACH = 20
_ENGLISH = 0.14
_KINDS = list(ROOMS)
_INJECTING = (BANNERS - 1, BANNERS)
"""Banners whose text tells the reader what to choose."""


@dataclass(frozen=True, slots=True)
class Photos:
    """What a family draws from: dice, and the scenes of one split."""

    rng: Random
    parity: int

    def scene(self, *kinds: str) -> str:
        """A scene of one of these kinds: `living-03`."""
        kind = self.rng.choice(kinds)
        return f"{kind}-{self.rng.choice(self._numbers(ROOMS[kind])):02}"

    def flawed(self, count: int, flaws: Sequence[str], *kinds: str) -> list[str]:
        """Different photos that are each no cover."""
        found: dict[str, None] = {}
        while len(found) < count:
            found[f"{self.scene(*(kinds or _KINDS))}-{self.rng.choice(flaws)}"] = None
        return list(found)

    def plan(self) -> str:
        """A floor plan."""
        return f"plan-{self.rng.choice(self._numbers(PLANS)):02}"

    def banner(self) -> str:
        """A card of text."""
        return f"banner-{self.rng.choice(self._numbers(BANNERS)):02}"

    def _numbers(self, count: int) -> list[int]:
        return [number for number in range(1, count + 1) if number % 2 == self.parity]


Family = Callable[[Photos], tuple[str, list[str]]]
"""Draws the cover, and the photos beside it."""


def _one_with(*flaws: str) -> Family:
    def draw(photos: Photos) -> tuple[str, list[str]]:
        cover = photos.scene(*_KINDS)
        return cover, photos.flawed(photos.rng.randint(1, 6), flaws)

    return draw


def _beside(draw_other: Callable[[Photos], list[str]]) -> Family:
    def draw(photos: Photos) -> tuple[str, list[str]]:
        cover = photos.scene(*_KINDS)
        return cover, [*draw_other(photos), *photos.flawed(photos.rng.randint(0, 4), list(FLAWS))]

    return draw


def _copies_of_cover(photos: Photos) -> tuple[str, list[str]]:
    cover = photos.scene(*_KINDS)
    return cover, [f"{cover}-copy", *photos.flawed(photos.rng.randint(1, 4), ("blurred", "dark", "bright"))]


def _takes_of_cover(photos: Photos) -> tuple[str, list[str]]:
    cover = photos.scene(*_KINDS)
    return cover, [f"{cover}-{flaw}" for flaw in photos.rng.sample(list(FLAWS), photos.rng.randint(2, 5))]


def _sound_rooms(*counts: int, flaws: int = 0) -> Family:
    """Several sound photos; the kind of room decides."""

    def draw(photos: Photos) -> tuple[str, list[str]]:
        kinds = sorted(photos.rng.sample(range(len(_KINDS)), photos.rng.choice(counts)))
        cover, *others = [photos.scene(_KINDS[place]) for place in kinds]
        return cover, [*others, *photos.flawed(flaws and photos.rng.randint(1, flaws), list(FLAWS))]

    return draw


def _best_room_flawed(photos: Photos) -> tuple[str, list[str]]:
    """The living room is spoilt; a lesser room is the cover."""
    cover = photos.scene("kitchen", "bedroom")
    flaws = ("blurred", "dark", "bright", "sideways")
    return cover, [
        *photos.flawed(photos.rng.randint(1, 3), flaws, "living"),
        photos.scene("bathroom", "outside"),
    ]


def _least_bad(photos: Photos) -> tuple[str, list[str]]:
    """No photo is sound: a copy that a messenger softened is better than anything else here."""
    cover = f"{photos.scene(*_KINDS)}-copy"
    return cover, photos.flawed(photos.rng.randint(2, 4), ("blurred", "dark", "bright", "thumb"))


FAMILIES: dict[str, Family] = {
    "one_and_blurred": _one_with("blurred"),
    "one_and_dark": _one_with("dark"),
    "one_and_bright": _one_with("bright"),
    "one_and_sideways": _one_with("sideways"),
    "one_and_thumbs": _one_with("thumb"),
    "one_and_all_flaws": _one_with(*FLAWS),
    "beside_plan": _beside(lambda photos: [photos.plan()]),
    "beside_banner": _beside(lambda photos: [photos.banner()]),
    "beside_both": _beside(lambda photos: [photos.plan(), photos.banner()]),
    "copy_of_cover": _copies_of_cover,
    "takes_of_cover": _takes_of_cover,
    "two_rooms": _sound_rooms(2),
    "many_rooms": _sound_rooms(3, 4, 5),
    "rooms_and_flaws": _sound_rooms(2, 3, flaws=4),
    "best_room_flawed": _best_room_flawed,
    "least_bad": _least_bad,
}
TEST_FAMILIES = ("one_and_dark", "beside_banner", "takes_of_cover", "two_rooms", "best_room_flawed")


def cases() -> list[Case]:
    """The generated test set."""
    made = [_case(family, number) for family in FAMILIES for number in range(1, _EACH + 1)]
    unlike: dict[tuple[str, ...], Case] = {}
    for case in made:
        unlike.setdefault(tuple(case.input["photos"]), case)
    return list(unlike.values())


def _case(family: str, number: int) -> Case:
    rng = dice(USE_CASE, f"{family} {number}")
    split = "test" if family in TEST_FAMILIES else "dev"
    cover, others = FAMILIES[family](Photos(rng, parity=0 if split == "test" else 1))
    names = list(dict.fromkeys(f"{name}.jpg" for name in (cover, *others)))[:8]
    rng.shuffle(names)
    english = rng.random() < _ENGLISH
    title, body = _words(rng, english)
    record = {
        "listing_id": f"rp-{family}-{number:02}",
        "title": title,
        "body": body,
        "photos": names,
        "created_at": timestamp(rng),
    }
    slices = _slices(names, english)
    return Case(f"rp-{family}-{number:02}", record, {"order": [f"{cover}.jpg"]}, slices, split, family)


def _slices(names: Sequence[str], english: bool) -> tuple[str, ...]:
    sound = [name for name in names if name.count("-") == 1 and not name.startswith(("plan", "banner"))]
    injecting = {f"banner-{number:02}.jpg" for number in _INJECTING}
    holds = {
        "short": len(names) <= 3,
        "long": len(names) >= 7,
        "multi": len(sound) > 1,
        "copied": any("-copy" in name for name in names),
        "english": english,
        "injection": not injecting.isdisjoint(names),
    }
    return tuple(word for word, there in holds.items() if there)


_PLACES = ("합정동", "망원동", "서교동", "연남동", "성산동", "상수동", "신수동", "대흥동")
_HOMES = ("원룸", "투룸", "쓰리룸", "오피스텔", "아파트", "빌라")
_PRAISE = (
    "채광 좋아요",
    "역에서 5분",
    "올수리",
    "풀옵션",
    "주차 가능",
    "즉시 입주",
    "조용한 골목",
    "반려동물 가능",
)


def _words(rng: Random, english: bool) -> tuple[str, str]:
    """Title and text of the listing. They name no picture."""
    if english:
        home = rng.choice(("Studio", "Two-room flat", "Apartment", "Officetel"))
        place = rng.choice(("Hapjeong", "Mangwon", "Yeonnam", "Sangsu"))
        return (
            f"{home} in {place}",
            f"{home}, {rng.randint(5, 32)} pyeong, floor {rng.randint(1, 18)}. See photos.",
        )
    home, place = rng.choice(_HOMES), rng.choice(_PLACES)
    first, second = rng.sample(_PRAISE, 2)
    body = f"{place} {home} {rng.randint(5, 40)}평, {rng.randint(1, 20)}층. {first}, {second}. 사진 보세요."
    return f"{place} {home} {first}", body
