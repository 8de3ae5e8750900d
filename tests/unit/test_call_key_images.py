"""Images in the ledger key: they decide the answer, and requests without any keep the key that they had."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from furrow.engine.call_key import call_key
from furrow.engine.ports import Image, Message, ModelRequest

BASE = ModelRequest("small", "openai:small", (Message("system", "고르라"), Message("user", "대표 사진은?")))
images = st.builds(Image, st.sampled_from(["image/jpeg", "image/png"]), st.binary(max_size=6))
albums = st.lists(images, max_size=3).map(tuple)


def with_images(album: tuple[Image, ...], turn: int = 1) -> ModelRequest:
    turns = list(BASE.messages)
    turns[turn] = replace(turns[turn], images=album)
    return replace(BASE, messages=tuple(turns))


@given(albums, albums)
def test_two_requests_share_a_key_exactly_when_their_images_are_equal(
    one: tuple[Image, ...], other: tuple[Image, ...]
) -> None:
    assert (call_key(with_images(one)) == call_key(with_images(other))) == (one == other)


@given(albums.filter(bool))
def test_the_turn_in_which_an_image_stands_decides_too(album: tuple[Image, ...]) -> None:
    assert call_key(with_images(album, turn=0)) != call_key(with_images(album, turn=1))


def test_the_key_of_a_request_with_images_never_changes_between_releases_of_furrow() -> None:
    """Another value here means that every answer about images is bought again."""
    album = (Image("image/jpeg", b"one"), Image("image/png", b"two"))
    assert call_key(with_images(album)) == "8dc686b31e885cbbdf60fc557858c2a4f13d495134c600d8ec879cbeb1e229a2"
