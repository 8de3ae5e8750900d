"""What an author writes in pipeline.yaml about quality: the gate, releases, canaries, experiments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from furrow.config.written import Share, VersionName, Written


class Gate(Written):
    """What a version must reach on the test set to be released."""

    valid_rate: Share | None = Field(None, description="Least share of cases with a valid result.")
    field_accuracy: dict[str, Share] = Field(
        {}, description="Result field -> least share of cases in which it is right."
    )
    max_cost_usd_per_1k: float | None = Field(None, ge=0, description="Most US dollars for 1,000 records.")
    max_seconds_p95: float | None = Field(
        None, gt=0, description="Longest wait for models of 95 in 100 records, in seconds."
    )
    consistency: Share | None = Field(
        None, description="Least share of cases that are right in every repeat; needs `repeats` of 2 or more."
    )
    not_worse: dict[str, Share] = Field(
        {},
        description="Result field, or `valid_rate` -> by how much of 1 the version may be worse than the live"
        " one on the same cases; 0.02 is two points.",
    )


class Evaluate(Written):
    """How good a version must be, and when that is looked at."""

    schedule: str | None = Field(None, description="Cron expression of <use_case>.eval; null: only by hand.")
    repeats: int = Field(1, gt=0, le=20, description="How often each case is run, for consistency.")
    gate: Gate = Gate()


class Canary(Written):
    """A promotion that begins with a share of the keys and widens while the guards hold."""

    share: float = Field(0.05, gt=0, lt=1, description="Share of the keys that it begins with.")
    widen: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [], description="Further shares, in rising order; after the last comes all."
    )
    hours: float = Field(24.0, gt=0, description="Hours at each share.")

    @model_validator(mode="after")
    def _rises(self) -> Canary:
        shares = [self.share, *self.widen]
        if shares != sorted(set(shares)):
            raise ValueError("the shares of a canary rise: `share`, then each of `widen`")
        return self


class Guards(Written):
    """What takes a release back by itself; each is looked at once enough records have an outcome."""

    hours: float = Field(
        24.0, gt=0, description="For so long after a promotion they also take back what all keys have."
    )
    min_records: int = Field(100, gt=0, description="Records of the release before anything is concluded.")
    valid_rate: Share | None = Field(None, description="Least share of records that are accepted.")
    rejected_rise: Share | None = Field(
        0.05, description="By how much of 1 its share of rejected records may be above the other release's."
    )
    max_cost_usd_per_1k: float | None = Field(None, ge=0, description="Most US dollars for 1,000 records.")
    max_seconds_p95: float | None = Field(None, gt=0, description="Longest wait of 95 in 100 records.")
    drift: float | None = Field(
        None,
        gt=0,
        description="Largest population stability index of what is watched for drift (values, nulls,"
        " outcomes, rungs) of a canary against the live release, such as 0.15; null: a new version may"
        " answer as differently as it likes.",
    )


class Releases(Written):
    """How a version becomes live, and what takes it back."""

    policy: Literal["manual", "auto"] = Field(
        "manual", description="manual: a person approves in Airflow; auto: what passes the gate is promoted."
    )
    canary: Canary | None = Field(None, description="Begin with a share of the keys; null: all at once.")
    guards: Guards = Guards()

    @property
    def first_share(self) -> float:
        """Share of the keys that a promotion begins with."""
        return self.canary.share if self.canary is not None else 1.0


class OutcomeTopic(Written):
    topic: str = Field(description="Topic of outcomes; each message is one, as a JSON object.")
    connection: str = Field("kafka_default", description="Airflow connection of the Kafka provider.")


class Outcomes(Written):
    """What people did with the results. Exactly one of `kafka` and `files`."""

    kafka: OutcomeTopic | None = Field(None, description="Read a topic.")
    files: str | None = Field(None, description="fsspec URL or path of JSON lines, globs allowed.")
    unit: str = Field("key", description="Field of an outcome that names the unit it belongs to.")
    value: str = Field("value", description="Field with the value: true, false or a number.")
    time: str = Field("time", description="Field with its moment, ISO 8601 with an offset.")
    per_unit: Literal["sum", "any"] = Field(
        "sum", description="sum: a unit is worth the sum of its values; any: 1 once one of them is not 0."
    )
    better: Literal["higher", "lower"] = Field(
        "higher", description="Which way is better; lower for edits and complaints."
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Outcomes:
        if (self.kafka is None) == (self.files is None):
            raise ValueError("name exactly one place of outcomes: kafka or files")
        return self


class Experiment(Written):
    """Two versions beside each other on live records."""

    candidate: VersionName = Field(description="The version that is tried.")
    share: float = Field(0.5, gt=0, lt=1, description="Share of the units that it gets.")
    unit: str | None = Field(
        None, description="Field of the record that decides the arm, such as user_id; null: the record's key."
    )
    salt: str = Field("", description="Change it to draw the arms anew; else a unit keeps its arm for ever.")
    shadow: bool = Field(
        False, description="The candidate answers every record too, but nothing of it is published."
    )
    outcomes: Outcomes | None = Field(None, description="Clicks, edits, acceptances, by unit.")
