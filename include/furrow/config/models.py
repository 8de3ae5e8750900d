"""What an author writes in pipeline.yaml, steps.yaml and models.yaml, as strict pydantic models.

The JSON Schemas under `prompts/` that editors complete from are generated from these classes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""A word usable as a DAG id, a task id, a feature name and a Jinja variable."""

VersionName = Annotated[str, Field(pattern=r"^v[1-9][0-9]*$")]


class Written(BaseModel):
    """Base of everything an author writes: unknown keys are refused, values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


# --- pipeline.yaml ---------------------------------------------------------------------------------


class KafkaSource(Written):
    topic: str = Field(description="Topic to read; each message is one record as a JSON object.")
    connection: str = Field("kafka_default", description="Airflow connection of the Kafka provider.")
    group: str | None = Field(
        None, description="Consumer group that holds the position; default furrow.<use_case>."
    )


class FilesSource(Written):
    path: str = Field(description="fsspec URL or path, globs allowed; relative to the use case's folder.")
    format: Literal["jsonl", "csv", "parquet"] | None = Field(None, description="Default: by file ending.")


class Source(Written):
    """Exactly one of the kinds of source."""

    kafka: KafkaSource | None = Field(None, description="Read a topic from the committed position on.")
    files: FilesSource | None = Field(None, description="Read files, all of them in each run.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Source:
        if len(self.model_fields_set) != 1:
            raise ValueError("name exactly one source: kafka or files")
        return self


class RecordFields(Written):
    """Which fields of a record are its key and its event time."""

    key: str = Field(description="Field of the record that names it; features are stored under it.")
    time: str = Field(description="Field with the event time, ISO 8601 with an offset.")
    max_bytes: int = Field(1_000_000, gt=0, description="A larger record is rejected.")


class FeaturesSink(Written):
    entity: Name = Field(description="Feast entity; its join key is <entity>_id.")
    ttl_days: int = Field(90, gt=0, description="Days after its event time for which a value may be served.")


class Publish(Written):
    """Where accepted results go; without any, they stay in the run store."""

    features: FeaturesSink | None = Field(None, description="The feature store, through Feast.")

    @property
    def sinks(self) -> list[str]:
        """The names of what is published to, in the order of these fields."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]


class Gate(Written):
    """What a version must reach on the test set to be released."""

    valid_rate: float | None = Field(
        None, ge=0, le=1, description="Least share of cases with a valid result."
    )
    field_accuracy: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        {}, description="Result field -> least share of cases in which it is right."
    )
    max_cost_usd_per_1k: float | None = Field(None, ge=0, description="Most US dollars for 1,000 records.")


class Evaluate(Written):
    """How good a version must be."""

    gate: Gate = Gate()


class Budget(Written):
    """What a use case may spend; every call is set aside before it is made."""

    usd_per_day: float | None = Field(None, ge=0, description="US dollars a day (UTC); null: no cap.")


class PipelineFile(Written):
    """`pipeline.yaml`: what may change without changing answers."""

    description: str = Field(description="One sentence; Airflow shows it beside the DAG.")
    owner: str = Field("furrow", description="Team that answers for it; the DAG's owner.")
    tags: list[str] = Field([], description="Tags of the DAG.")
    schedule: str | None = Field(None, description="Cron expression, or null: only by hand.")
    source: Source
    record: RecordFields
    live: VersionName = Field("v1", description="Serves until a promotion is recorded.")
    partition_records: int = Field(200, gt=0, le=100_000, description="Records in one partition.")
    publish: Publish = Publish()
    evaluate: Evaluate = Evaluate()
    budget: Budget = Budget()
    step_timeout_seconds: float = Field(
        3600.0, gt=0, description="Deadline of one step on one partition; what is paid for is kept."
    )

    @field_validator("schedule")
    @classmethod
    def _cron(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("@") and len(value.split()) not in (5, 6):
            raise ValueError("a schedule is a cron expression of five fields, such as '*/15 * * * *'")
        return value


# --- steps.yaml ------------------------------------------------------------------------------------


class Choice(Written):
    when: str = Field(description="Jinja expression over `data` and earlier steps.")
    use: str = Field(description="Model alias for the records for which it holds.")


class ModelChoice(Written):
    """A model for each record."""

    default: str = Field(description="Model alias when no condition holds.")
    choose: list[Choice] = Field([], description="Conditions in order; the first that holds decides.")
    escalate: str | None = Field(None, description="Model alias for answers that no re-ask could mend.")


class Params(Written):
    """Sampling parameters; part of what decides an answer, so part of the ledger key."""

    temperature: float = Field(0.0, ge=0, le=2, description="0: the likeliest answer.")
    max_tokens: int = Field(1024, gt=0, description="Longest answer; one that is cut there is rejected.")
    top_p: float | None = Field(None, gt=0, le=1, description="Sample only from this share of likelihood.")
    seed: int | None = Field(None, description="For providers that can repeat a sample.")


class LlmStep(Written):
    """One question to a language model, answered as JSON that fits the step's output.yaml."""

    kind: Literal["llm"]
    name: Name = Field(description="Its prompt is in the folder of this name beside steps.yaml.")
    model: str | ModelChoice = Field(description="Model alias of models.yaml, or a choice by record.")
    params: Params = Params()
    reask: bool = Field(True, description="Ask once more with the errors when an answer does not fit.")

    @property
    def choice(self) -> ModelChoice:
        """The model choice in its long form."""
        return self.model if isinstance(self.model, ModelChoice) else ModelChoice(default=self.model)

    @property
    def aliases(self) -> list[str]:
        """Every model alias that this step may call."""
        asked = [self.choice.default, *(choice.use for choice in self.choice.choose)]
        return asked if self.choice.escalate is None else [*asked, self.choice.escalate]


class MapStep(Written):
    """Fields computed from what is already there, without a model."""

    kind: Literal["map"]
    name: Name = Field(description="Its output.yaml is in the folder of this name beside steps.yaml.")
    set: dict[Name, str] = Field(description="Field of output.yaml -> Jinja expression.")

    @property
    def aliases(self) -> list[str]:
        """A map step calls no model."""
        return []


StepConfig = Annotated[LlmStep | MapStep, Field(discriminator="kind")]


class Rule(Written):
    """What must hold for a result to be accepted."""

    name: Name = Field(description="Stands in the dead letters of the records that break it.")
    check: str = Field(description="Jinja expression over `result`, `data` and the steps; false rejects.")


class StepsFile(Written):
    """`vN/steps.yaml`: the steps in order, the result mapping, the rules."""

    steps: list[StepConfig] = Field(min_length=1, description="In order; a step sees those before it.")
    result: dict[Name, Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]] = Field(
        min_length=1, description="Field that leaves the pipeline -> step.field that it comes from."
    )
    rules: list[Rule] = Field([], description="A record for which one does not hold is rejected.")


# --- models.yaml -----------------------------------------------------------------------------------


class Price(Written):
    """US dollars per million units of text."""

    per: Literal["token", "character"] = Field("token", description="What the provider counts.")
    input_usd_per_million: float = Field(ge=0, description="For what is sent.")
    output_usd_per_million: float = Field(ge=0, description="For what the model writes.")


class Limits(Written):
    """How hard the model may be driven."""

    concurrency: int = Field(16, gt=0, description="Calls in flight from one task.")
    timeout_seconds: float = Field(120.0, gt=0, description="Deadline of one call.")
    attempts: int = Field(4, gt=0, description="Tries of one call before its record counts as failed.")
    outage_seconds: float = Field(
        20.0,
        ge=0,
        description="After so long without any answer, the step fails at once.",
    )
    requests_per_minute: float | None = Field(None, gt=0, description="Shared by all tasks.")
    tokens_per_minute: float | None = Field(
        None, gt=0, description="Read and written together, shared by all tasks."
    )


class Capabilities(Written):
    """What the model can do."""

    json_schema: bool = Field(True, description="Takes a JSON Schema that its answer must fit.")
    vision: bool = Field(False, description="Takes images.")


class CatalogueModel(Written):
    """One model that steps may name."""

    model: str = Field(pattern=r"^[a-z0-9-]+:.+$", description="provider:model, as pydantic-ai names it.")
    connection: str = Field(description="Airflow connection with the address and the credentials.")
    description: str = Field("", description="For people: which model, where it runs.")
    capabilities: Capabilities = Capabilities()
    price: Price | None = Field(None, description="Only for what the public price list does not know.")
    limits: Limits = Limits()
    fallback: list[str] = Field([], description="Model aliases to ask, in order, while this one is down.")


class ModelsFile(Written):
    """`models.yaml`: model alias -> what it is."""

    models: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")], CatalogueModel] = Field(
        min_length=1, description="Model alias -> what it is."
    )


# --- output.yaml -----------------------------------------------------------------------------------


class FieldSpec(Written):
    """One field of an output.yaml."""

    type: Literal["string", "integer", "number", "boolean", "enum", "list", "date"] = Field(
        description="Also the type of the feature."
    )
    description: str = Field("", description="Sent to the model with the field.")
    nullable: bool = Field(False, description="Whether the answer may be null: the text does not say.")
    values: list[str] = Field([], description="The values of an enum, or of a list of them.")
    items: Literal["string", "integer", "number", "enum"] = Field("string", description="What a list holds.")
    min: float | None = Field(None, allow_inf_nan=False, description="Least value of a number.")
    max: float | None = Field(None, allow_inf_nan=False, description="Greatest value of a number.")
    max_length: int | None = Field(None, gt=0, description="Characters of a string, or of each in a list.")
    max_items: int | None = Field(None, gt=0, description="Items of a list.")
    pattern: str | None = Field(None, description="Regular expression that a string must match.")

    @model_validator(mode="after")
    def _fits_its_type(self) -> FieldSpec:
        wants_values = self.type == "enum" or (self.type == "list" and self.items == "enum")
        if wants_values != bool(self.values):
            raise ValueError("an enum needs `values`, and nothing else takes them")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("`min` is above `max`")
        for option, types in _ONLY_FOR.items():
            if option in self.model_fields_set and self.type not in types:
                raise ValueError(f"`{option}` is only for {' and '.join(types)}")
        return self


_ONLY_FOR: dict[str, tuple[str, ...]] = {
    "items": ("list",),
    "max_items": ("list",),
    "min": ("integer", "number"),
    "max": ("integer", "number"),
    "max_length": ("string", "list"),
    "pattern": ("string",),
}
