"""The log of what is live, on every database: promotions, canaries, rollbacks, and who was faster."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from furrow.errors import OptionUnknown, ReleaseChanged, ReleaseConflict, ReleaseRefused
from furrow.store.database import Database
from furrow.store.promotion import Promotions, arms_of, as_served
from furrow.store.releases import Action, Entry, ReleaseLog, standing_of
from tests.folders import FolderOfPrompts

CANARY = "release: {canary: {share: 0.1, widen: [0.5], hours: 2}}\n"
WHO, WHY = "minji", "brand is right more often"


class Shop:
    """A folder with v1, v2 and v3, and its log."""

    def __init__(self, prompts: FolderOfPrompts, database: Database):
        self.prompts, self.log = prompts, ReleaseLog(database)
        for number in (2, 3):
            prompts.version(f"v{number}", f"Digest of version {number}.")

    def promotions(self) -> Promotions:
        """As a new process sees it."""
        return Promotions(self.log, as_served(self.prompts.load(), self.log.standing("goods")))

    @property
    def live(self) -> str:
        return self.promotions().use_case.version().name

    @property
    def actions(self) -> list[str]:
        return [f"{entry.action} {entry.version}" for entry in self.log.history("goods")]


@pytest.fixture
def shop(prompts: FolderOfPrompts, database: Database) -> Shop:
    return Shop(prompts, database)


def test_before_any_promotion_pipeline_yaml_says_what_is_live(shop: Shop) -> None:
    assert (shop.live, shop.log.standing("goods"), shop.log.last_number("goods")) == ("v1", None, 0)


def test_a_promotion_is_live_at_once_and_the_log_tells_the_whole_story(shop: Shop) -> None:
    entry = shop.promotions().promote("v2", WHO, WHY, evaluation="e1")
    assert (shop.live, shop.actions) == ("v2", ["initial v1", "promote v2"])
    found = shop.log.history("goods")[-1]
    assert found == entry
    assert (found.number, found.who, found.why, found.evaluation) == (2, WHO, WHY, "e1")
    assert found.from_release == shop.prompts.load().version("v1").release


def test_a_rollback_goes_one_release_back_each_time_and_nothing_is_rewritten(shop: Shop) -> None:
    shop.promotions().promote("v2", WHO, WHY)
    shop.promotions().promote("v3", WHO, WHY)
    assert [shop.promotions().rollback(WHO, "prices are wrong").version for _ in range(2)] == ["v2", "v1"]
    assert shop.live == "v1"
    with pytest.raises(ReleaseRefused, match="no release before"):
        shop.promotions().rollback(WHO, WHY)
    assert [entry.number for entry in shop.log.history("goods")] == [1, 2, 3, 4, 5]


def test_a_rollback_names_any_release_that_served(shop: Shop) -> None:
    shop.promotions().promote("v2", WHO, WHY)
    shop.promotions().promote("v3", WHO, WHY)
    shop.promotions().rollback(WHO, WHY, to="v1")
    shop.promotions().rollback(WHO, WHY, to="v3")
    assert shop.live == "v3"
    assert shop.promotions().rollback(WHO, WHY).version == "v1"


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (lambda shop: shop.promote("v1", WHO, WHY), "is live already"),
        (lambda shop: shop.promote("v2", WHO, WHY, 0.0), "a share is above 0"),
        (lambda shop: shop.promote("v2", WHO, WHY, 1.2), "a share is above 0"),
        (lambda shop: shop.rollback(WHO, WHY, to="v2"), "never served"),
        (lambda shop: shop.rollback(WHO, WHY, to="v1"), "is live already"),
    ],
    ids=["the live one", "no share", "more than all", "never live", "back to itself"],
)
def test_what_makes_no_sense_is_refused_with_the_reason(shop: Shop, do: object, said: str) -> None:
    with pytest.raises(ReleaseRefused, match=said):
        do(shop.promotions())  # type: ignore[operator]
    assert shop.actions == []


def test_an_unknown_version_is_refused(shop: Shop) -> None:
    with pytest.raises(OptionUnknown, match="v9"):
        shop.promotions().promote("v9", WHO, WHY)


def test_a_canary_serves_its_share_widens_by_its_hours_and_becomes_live(shop: Shop) -> None:
    shop.prompts.change("goods/pipeline.yaml", "live: v1\n", f"live: v1\n{CANARY}")
    began = shop.promotions().promote("v2", WHO, WHY, share=0.1, evaluation="e1").at
    assert shop.live == "v1"
    shares = []
    for hours in (1, 2, 3, 5, 6, 8, 20):
        shop.promotions().widen(now=began + timedelta(hours=hours, minutes=1))
        standing = shop.log.standing("goods")
        assert standing is not None
        shares.append(standing.canary.share if standing.canary else standing.live.share)
    assert shares[:2] == [0.1, 0.5] and shares[-1] == 1.0
    assert (shop.live, shop.log.history("goods")[-1].evaluation) == ("v2", "e1")


def test_a_canary_that_is_taken_back_leaves_the_live_one(shop: Shop) -> None:
    shop.promotions().promote("v2", WHO, WHY, share=0.1)
    entry = shop.promotions().rollback("furrow", "rejected 40 % of its records")
    assert (shop.live, entry.version) == ("v1", "v1")
    assert entry.from_release == shop.prompts.load().version("v2").release
    standing = shop.log.standing("goods")
    assert standing is not None and standing.canary is None


def test_while_a_canary_serves_another_version_waits(shop: Shop) -> None:
    shop.promotions().promote("v2", WHO, WHY, share=0.1)
    with pytest.raises(ReleaseRefused, match=r"v2@.* is a canary"):
        shop.promotions().promote("v3", WHO, WHY)
    with pytest.raises(ReleaseRefused, match="has the share"):
        shop.promotions().promote("v2", WHO, WHY, share=0.1)


def test_a_declined_version_changes_nothing_and_stands_in_the_log(shop: Shop) -> None:
    shop.promotions().decline("v2", WHO, "brand got worse")
    assert (shop.live, shop.actions) == ("v1", ["initial v1", "declined v2"])
    shop.promotions().promote("v2", WHO, WHY)
    assert shop.live == "v2"


def test_a_released_version_that_was_edited_does_not_serve_and_says_what_to_do(shop: Shop) -> None:
    shop.promotions().promote("v2", WHO, WHY)
    shop.prompts.put("goods/v2/digest/system.md", "Edited in place.\n")
    with pytest.raises(ReleaseChanged, match=r"goods/v2 was released as .* cp -r v2 v3"):
        shop.promotions().use_case.version()
    with pytest.raises(ReleaseChanged):
        arms_of(shop.promotions().use_case, shop.log.standing("goods"))
    shop.promotions().rollback(WHO, WHY)
    assert shop.live == "v1"
    with pytest.raises(ReleaseChanged):
        shop.promotions().promote("v2", WHO, WHY)


def test_of_two_people_at_once_one_is_told_to_look_again(shop: Shop) -> None:
    promotions = [shop.promotions() for _ in range(6)]

    def promote(number: int) -> str:
        try:
            return promotions[number].promote("v2" if number % 2 else "v3", f"p{number}", WHY).version
        except (ReleaseConflict, ReleaseRefused) as error:
            return type(error).__name__

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(promote, range(6)))
    history = shop.log.history("goods")
    assert [entry.number for entry in history] == list(range(1, len(history) + 1))
    assert sum(name.startswith("v") for name in done) == len(history) - 1


def test_an_entry_whose_confirmation_was_lost_is_not_written_twice(shop: Shop) -> None:
    entry = shop.promotions().promote("v2", WHO, WHY)
    assert shop.log.append(replace(entry, number=0), after=1) == [entry]
    with pytest.raises(ReleaseConflict):
        shop.log.append(replace(entry, number=0, who="somebody else"), after=1)
    assert shop.actions == ["initial v1", "promote v2"]


def test_an_experiment_or_a_canary_decides_the_arms(shop: Shop) -> None:
    shop.prompts.change(
        "goods/pipeline.yaml", "live: v1\n", "live: v1\nexperiment: {candidate: v3, share: 0.2, unit: user}\n"
    )
    arms = arms_of(shop.prompts.load(), None)
    assert (arms.live.version, arms.candidate and arms.candidate.version, arms.share, arms.unit) == (
        "v1",
        "v3",
        0.2,
        "user",
    )
    with pytest.raises(ReleaseRefused, match="has an experiment"):
        shop.promotions().promote("v2", WHO, WHY, share=0.1)
    shop.promotions().promote("v3", WHO, WHY)
    served = shop.promotions().use_case
    assert arms_of(served, shop.log.standing("goods")).candidate is None


def test_the_standing_is_that_of_the_log_in_its_order() -> None:
    def entry(action: Action, version: str, share: float = 1.0) -> Entry:
        at = datetime(2026, 11, 25, tzinfo=UTC)
        return Entry("goods", action, version, f"{version}@0", "0", WHO, WHY, None, share, None, at)

    log = [entry(Action.INITIAL, "v1"), entry(Action.CANARY, "v2", 0.1), entry(Action.CANARY, "v2", 0.5)]
    found = standing_of(log)
    assert found is not None and found.canary is not None
    assert (found.live.version, found.canary.share) == ("v1", 0.5)
    assert standing_of([]) is None
