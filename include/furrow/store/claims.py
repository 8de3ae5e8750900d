"""Who may make which call: the rules, without a database; `furrow.store.ledger` keeps them in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from furrow.engine.ports import Answer, Claim, Pace, Purse, Verdict, Wish

CATCH_UP_SECONDS = 0.8
"""Paces lie under the provider's allowance by more than the turns of such a time in a minute."""


@dataclass(frozen=True, slots=True)
class BudgetDay:
    """What a use case's budget of a day (UTC) is used for, in US dollars.

    spent: for answers in the ledger; presumed: for calls that may have been billed and came to nothing;
    reserved: for calls on their way; raised: what a person put on top of the cap, for this day.
    """

    spent: float = 0.0
    presumed: float = 0.0
    reserved: float = 0.0
    raised: float = 0.0

    def room(self, cap_usd: float) -> float:
        """What is left of a cap; below 0 when it was lowered after the money was spent."""
        return cap_usd + self.raised - (self.spent + self.presumed + self.reserved)

    def purse(self, cap_usd: float) -> Purse:
        """What there is of a cap, and what is not spent yet."""
        limit = cap_usd + self.raised
        return Purse(limit, limit - self.spent - self.presumed)

    def verdict(self, wish: Wish) -> Verdict:
        """GRANTED, SHORT or SPENT. Raises ValueError when the budget cannot be kept: no price, but a cap."""
        if wish.cap_usd is None or wish.most_usd == 0.0:
            return Verdict.GRANTED
        if wish.most_usd is None:
            raise ValueError(f"call {wish.key} of {wish.use_case} has a budget and no price")
        used = self.spent + self.presumed + self.reserved
        if used + wish.most_usd <= wish.cap_usd + self.raised:
            return Verdict.GRANTED
        return Verdict.SHORT if self.reserved else Verdict.SPENT


@dataclass(frozen=True, slots=True)
class Turns:
    """Up to which moment (seconds since 1970) the allowance of a model is given away.

    Each call takes the next moment and moves it on by its share of a minute, so calls are spread evenly. A
    stall of up to CATCH_UP_SECONDS is made up for; what a longer quiet left unused is not.
    """

    requests_until: float = 0.0
    tokens_until: float = 0.0

    def start(self, now: float) -> float:
        """When the next call may start."""
        return max(now, self.requests_until, self.tokens_until)

    def after(self, pace: Pace, tokens: int, now: float) -> Turns:
        """The turns once one more call is let in."""
        requests, until = self.requests_until, self.tokens_until
        if pace.requests is not None:
            requests = _resumed(requests, now) + 60 / pace.requests
        if pace.tokens is not None:
            until = _resumed(until, now) + 60 * tokens / pace.tokens
        return Turns(requests, until)

    def settled(self, pace: Pace, expected: int, taken: int) -> Turns:
        """The turns once it is known how many tokens a call took."""
        if pace.tokens is None:
            return self
        return replace(self, tokens_until=self.tokens_until + 60 * (taken - expected) / pace.tokens)


def _resumed(until: float, now: float) -> float:
    return until if until >= now - CATCH_UP_SECONDS else now


@dataclass(slots=True)
class Books:
    """What is known, leased, spent and given away at one moment. Claims are decided against it, one by one.

    leases: key -> buyer; days: use case -> its budget today; turns: name of a pace -> its turns.
    granted: new leases, to be written down, as are `turns`.
    """

    known: Mapping[str, Answer]
    leases: dict[str, str] = field(default_factory=dict)
    days: dict[str, BudgetDay] = field(default_factory=dict)
    turns: dict[str, Turns] = field(default_factory=dict)
    granted: dict[str, Wish] = field(default_factory=dict)

    def claims(self, buyer: str, wishes: Sequence[Wish], now: float) -> list[Claim]:
        """One word on each wish, in their order; the same key gets the same word."""
        words: dict[str, Claim] = {}
        for wish in wishes:
            if wish.key not in words:
                words[wish.key] = self._claim(buyer, wish, now)
        return [words[wish.key] for wish in wishes]

    def _claim(self, buyer: str, wish: Wish, now: float) -> Claim:
        if wish.key in self.known:
            return Claim(Verdict.KNOWN, self.known[wish.key])
        holder = self.leases.get(wish.key)
        if holder is not None and holder != buyer:
            return Claim(Verdict.HELD)
        day = self.days.get(wish.use_case, BudgetDay())
        purse = None if wish.cap_usd is None else day.purse(wish.cap_usd)
        if holder is None:
            verdict = day.verdict(wish)
            if verdict is not Verdict.GRANTED:
                return Claim(verdict, purse=purse)
            self._grant(buyer, wish)
        return Claim(Verdict.GRANTED, wait=self._wait(wish, now), purse=purse)

    def _grant(self, buyer: str, wish: Wish) -> None:
        self.leases[wish.key], self.granted[wish.key] = buyer, wish
        day = self.days.get(wish.use_case, BudgetDay())
        self.days[wish.use_case] = replace(day, reserved=day.reserved + (wish.most_usd or 0.0))

    def _wait(self, wish: Wish, now: float) -> float:
        if wish.pace is None:
            return 0.0
        turns = self.turns.get(wish.pace.name, Turns())
        self.turns[wish.pace.name] = turns.after(wish.pace, wish.tokens, now)
        return turns.start(now) - now
