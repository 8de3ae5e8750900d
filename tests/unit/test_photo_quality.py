"""Photos ranked by how they were taken, on the drawn rooms."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter

from furrow.engine.photo_measures import Measures, measure
from furrow.engine.photo_ranking import Flaw, flaws_of, judge, rank
from furrow.errors import ImageInvalid
from tests.conftest import ROOT

PHOTOS = ROOT / "prompts/real_estate_photos/photos"
SCENES = ["living-01", "living-02", "kitchen-03", "bedroom-04", "bathroom-05", "outside-02"]
LEAST = 150


def photo(name: str) -> Measures:
    return measure((PHOTOS / f"{name}.jpg").read_bytes(), name, 768)


def changed(name: str, change: Callable[[Image.Image], Image.Image]) -> Measures:
    """A shipped photo after something that was done to it here."""
    written = io.BytesIO()
    with Image.open(PHOTOS / f"{name}.jpg") as picture:
        change(picture).save(written, "PNG")
    return measure(written.getvalue(), name, 768)


@pytest.mark.parametrize("scene", SCENES)
def test_a_sound_photo_has_no_flaw(scene: str) -> None:
    assert flaws_of(photo(scene), LEAST) == []


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize(
    ("take", "flaw"),
    [
        ("blurred", Flaw.BLURRED),
        ("dark", Flaw.DARK),
        ("sideways", Flaw.SIDEWAYS),
        ("thumb", Flaw.SMALL),
    ],
)
def test_each_flaw_is_seen_and_nothing_else(scene: str, take: str, flaw: Flaw) -> None:
    assert flaws_of(photo(f"{scene}-{take}"), LEAST) == [flaw]


@pytest.mark.parametrize("scene", SCENES)
def test_a_bleached_photo_is_never_sound(scene: str) -> None:
    found = flaws_of(photo(f"{scene}-bright"), LEAST)
    assert found in ([Flaw.OVEREXPOSED], [Flaw.DRAWING])


@pytest.mark.parametrize("name", ["plan-01", "plan-04", "banner-02", "banner-05"])
def test_floor_plans_and_cards_of_text_are_drawings(name: str) -> None:
    assert Flaw.DRAWING in flaws_of(photo(name), LEAST)


@pytest.mark.parametrize("scene", SCENES)
def test_more_blur_is_less_sharp_and_dimming_is_no_blur(scene: str) -> None:
    sharpness = [
        changed(scene, lambda picture, r=radius: picture.filter(ImageFilter.GaussianBlur(r))).sharpness  # type: ignore[misc]
        for radius in (0, 1, 2, 4)
    ]
    assert sharpness == sorted(sharpness, reverse=True)
    dimmed = changed(scene, lambda picture: ImageEnhance.Brightness(picture).enhance(0.6))
    assert dimmed.sharpness == pytest.approx(sharpness[0], rel=0.1)
    assert dimmed.brightness < photo(scene).brightness


@pytest.mark.parametrize("scene", SCENES)
def test_the_original_is_before_its_copies(scene: str) -> None:
    names = [f"{scene}-thumb", f"{scene}-copy", scene]
    found = rank({name: photo(name) for name in names}, LEAST)
    assert found["order"][0] == scene
    assert set(found["duplicates"]) == set(names) - {scene}


def test_different_rooms_are_no_copies() -> None:
    assert rank({scene: photo(scene) for scene in SCENES}, LEAST)["duplicates"] == []


def test_a_photo_is_ranked_in_words() -> None:
    found = rank({name: photo(name) for name in ("living-01-dark", "kitchen-03")}, LEAST)
    assert found["order"] == ["kitchen-03", "living-01-dark"]
    assert found["reasons"] == ["living-01-dark: dark"]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (2, 2), (300, 1)])
def test_tiny_pictures_are_measured_too(size: tuple[int, int]) -> None:
    written = io.BytesIO()
    Image.new("RGB", size, "red").save(written, "PNG")
    assert Flaw.SMALL in flaws_of(measure(written.getvalue(), "a", 768), LEAST)


def test_what_is_no_image_is_told() -> None:
    with pytest.raises(ImageInvalid):
        measure(b"words", "a.jpg", 768)


# --- the ranking, whatever was measured ------------------------------------------------------------------

share = st.floats(0, 1)
measures = st.builds(
    Measures,
    short_edge=st.integers(1, 5000),
    portrait=st.booleans(),
    sharpness=st.floats(0, 10),
    brightness=st.floats(0, 255),
    black=share,
    white=share,
    flatness=share,
    sideways=st.floats(-1, 1),
    fingerprint=st.integers(0, 2**128 - 1),
)
albums = st.dictionaries(st.text(min_size=1, max_size=5), measures, max_size=8)


@given(albums, st.integers(1, 1000))
def test_every_photo_is_ranked_once_with_a_score_and_each_flaw_has_its_reason(
    album: dict[str, Measures], least: int
) -> None:
    found = rank(album, least)
    assert sorted(found["order"]) == sorted(album)
    assert len(found["scores"]) == len(album) and all(0 <= score <= 1 for score in found["scores"])
    assert set(found["duplicates"]) < set(album) or not album
    flawed = {name for name, one in album.items() if flaws_of(one, least)} | set(found["duplicates"])
    assert len(found["reasons"]) == len(flawed)


@given(albums)
def test_copies_stand_behind_all_others_and_scores_fall_within_both(album: dict[str, Measures]) -> None:
    found = rank(album, 100)
    copies = [name in found["duplicates"] for name in found["order"]]
    assert copies == sorted(copies)
    kept = [score for score, copy in zip(found["scores"], copies, strict=True) if not copy]
    assert kept == sorted(kept, reverse=True)


@given(measures)
def test_no_photo_is_better_for_being_smaller_or_less_sharp(one: Measures) -> None:
    score = judge("a", one, 480).score
    assert judge("a", replace(one, short_edge=1), 480).score <= score
    if not flaws_of(one, 480):
        assert judge("a", replace(one, sharpness=one.sharpness / 2), 480).score <= score


def test_the_engine_imports_neither_numpy_nor_pillow_before_the_first_photo(tmp_path: Path) -> None:
    code = (
        "import sys, furrow.engine.pipeline, furrow.config.loader;"
        "print([name for name in ('numpy', 'PIL', 'aiohttp', 'fsspec') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "include")},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert told.stdout.strip() == "[]"
