"""A digest as a page that needs nothing else, and as lines of text for a log, a terminal or a message."""

from __future__ import annotations

from collections.abc import Iterator

from furrow.evaluation.digest import Digest, Spent, UseCaseDigest, Worked
from furrow.evaluation.markup import fill
from furrow.evaluation.wording import plain, points, share

TEMPLATE = "digest.html"
MOST_REASONS = 5
"""Reasons of dead letters that are shown of each use case; digest.json has all."""


def as_digest_page(digest: Digest, linked: bool = False) -> str:
    """The page of a digest. linked: each number leads to the page behind it, as Furrow's pages are beside it;
    one that is stored or sent has none.
    """
    return fill(TEMPLATE, digest=digest, most=MOST_REASONS, linked=linked)


def title_of(digest: Digest) -> str:
    """One line that says whether to read on."""
    looked = f"{digest.red} of {len(digest.use_cases)} use cases want a look" if digest.red else "nothing red"
    return f"Furrow, {digest.since:%Y-%m-%d} to {digest.until:%Y-%m-%d}: {looked}"


def as_text(digest: Digest) -> str:
    """All of it; what is red stands first, behind exclamation marks."""
    total = f"{_money(digest.spent)}, {_money(digest.spent_before)} in the {digest.days} days before"
    lines = [title_of(digest), f"spent: {total}"]
    for found in digest.use_cases:
        lines += ["", *map(plain, _use_case(found))]
    return "\n".join(lines)


def _use_case(found: UseCaseDigest) -> Iterator[str]:
    yield f"{found.name}  {found.release or ''}".rstrip()
    yield from (f"  ! {red}" for red in found.red)
    yield f"  cost      {_money(found.spent)}, before {_money(found.spent_before)}"
    yield f"  records   {_records(found.worked)}, before {_records(found.worked_before)}"
    if found.runs:
        yield f"  runs      {found.runs:,}, {found.runs_failed + found.runs_open:,} failed or not ended"
    yield from _accuracy(found)
    for event in found.releases:
        source = f" from {event.from_release}" if event.from_release else ""
        what = f"{event.action} {event.release}{source} by {event.who}: {event.why}"
        yield f"  release   {event.at:%a %H:%M} {what}"
    if found.reasons:
        yield f"  letters   {found.letters_open:,} open, {found.letters_new:,} of them new: {_reasons(found)}"


def _accuracy(found: UseCaseDigest) -> Iterator[str]:
    quality = found.quality
    if quality is None:
        return
    when = f"{quality.release} on {quality.at:%Y-%m-%d}"
    compared = _compared(found)
    yield f"  accuracy  {share(quality.mean)} in the mean of {len(quality.fields)} fields ({when}){compared}"
    moved = [
        (name, each) for name, each in quality.fields.items() if each.before not in (None, each.accuracy)
    ]
    if moved:
        changes = (f"{name} {points(each.accuracy - (each.before or 0))}" for name, each in moved)
        yield f"            in points of 100: {', '.join(changes)}"


def _compared(found: UseCaseDigest) -> str:
    quality = found.quality
    if quality is None or quality.before_at is None:
        return ""
    cases = "" if quality.same_cases else ", on other cases"
    when = f"{quality.before_release} on {quality.before_at:%Y-%m-%d}{cases}"
    return f", before {share(quality.mean_before)} ({when})"


def _money(spent: Spent) -> str:
    unpriced = f" and {spent.unpriced:,} of unknown price" if spent.unpriced else ""
    return f"${spent.cost_usd:,.4f} in {spent.calls:,} calls{unpriced}"


def _records(worked: Worked) -> str:
    return f"{worked.records:,} (valid {share(worked.valid_rate)})" if worked.records else "0"


def _reasons(found: UseCaseDigest) -> str:
    first = found.reasons[:MOST_REASONS]
    return ", ".join(f"{each.reason} at {each.step} {each.number:,}" for each in first)
