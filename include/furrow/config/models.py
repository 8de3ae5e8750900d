"""What an author writes in pipeline.yaml, steps.yaml and models.yaml, as strict pydantic models.

The JSON Schemas under `prompts/` that editors complete from are generated from these classes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from furrow.config.quality import Evaluate, Experiment, Gate, Releases
from furrow.config.written import Name, VersionName, Written

__all__ = ["Evaluate", "Experiment", "Gate", "Name", "Releases", "VersionName", "Written"]

StepField = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
"""A field of an earlier step (`step.field`), or of the record (`data.field`)."""


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


class BigQuerySource(Written):
    query: str = Field(
        min_length=1,
        description="GoogleSQL; each row is one record. `@interval_start` (included) and `@interval_end`"
        " (excluded) are the timestamps between which a run reads.",
    )
    connection: str = Field("google_cloud_default", description="Airflow connection of the Google provider.")
    location: str | None = Field(None, description="Where the query runs, such as asia-northeast3.")
    page_rows: int = Field(1000, gt=0, le=100_000, description="Rows that are fetched at a time.")


class Source(Written):
    """Exactly one of the kinds of source."""

    kafka: KafkaSource | None = Field(None, description="Read a topic from the committed position on.")
    files: FilesSource | None = Field(None, description="Read files, all of them in each run.")
    bigquery: BigQuerySource | None = Field(None, description="Read what a query gives for a span of time.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Source:
        if len(self.model_fields_set) != 1:
            raise ValueError("name exactly one source: kafka, files or bigquery")
        return self


class RecordFields(Written):
    """Which fields of a record are its key and its event time."""

    key: str = Field(description="Field of the record that names it; features are stored under it.")
    time: str = Field(description="Field with the event time, ISO 8601 with an offset.")
    max_bytes: int = Field(1_000_000, gt=0, description="A larger record is rejected.")


class FeaturesSink(Written):
    entity: Name = Field(description="Feast entity; its join key is <entity>_id.")
    ttl_days: int = Field(90, gt=0, description="Days after its event time for which a value may be served.")


class KafkaSink(Written):
    topic: str = Field(description="Topic of the results; each message is one result as a JSON object.")
    connection: str = Field("kafka_default", description="Airflow connection of the Kafka provider.")


TABLE_PATTERN = r"([a-z][a-z0-9.:-]*[a-z0-9]\.)?[A-Za-z0-9_]{1,1024}\.[A-Za-z0-9_]{1,900}"
"""`dataset.table` or `project.dataset.table`: nothing that could end a quoted name in SQL."""


class BigQuerySink(Written):
    table: str = Field(
        pattern=f"^{TABLE_PATTERN}$",
        description="dataset.table in the connection's project, or project.dataset.table. One row for each"
        " record and event time; <table>_newest is a view with the newest row of each key.",
    )
    connection: str = Field("google_cloud_default", description="Airflow connection of the Google provider.")
    location: str | None = Field(None, description="Where the dataset is, such as asia-northeast3.")
    create: bool = Field(
        True, description="Create the table and its view, and add columns; false: they are somebody else's."
    )


class Publish(Written):
    """Where accepted results go; without any, they stay in the run store."""

    kafka: KafkaSink | None = Field(None, description="A topic, with each result under its record's key.")
    features: FeaturesSink | None = Field(None, description="The feature store, through Feast.")
    bigquery: BigQuerySink | None = Field(None, description="A table with the history of results.")

    @property
    def sinks(self) -> list[str]:
        """The names of what is published to, in the order of these fields."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]


class Budget(Written):
    """What a use case may spend; every call is set aside before it is made."""

    usd_per_day: float | None = Field(None, ge=0, description="US dollars a day (UTC); null: no cap.")


class Stream(Written):
    """The same steps on each event as it comes. Needs `source.kafka`, `publish.kafka` and no `schedule`."""

    replicas: int = Field(1, gt=0, le=100, description="Processes that share the topic's partitions.")
    look_ahead: int = Field(
        64, gt=0, le=10_000, description="Events of one partition that may be on their way at a time."
    )
    order: Literal["result", "key"] = Field(
        "result",
        description="result: results come out in the order of their events; key: events of one key are also"
        " worked on one after the other.",
    )
    transactions: bool = Field(
        True,
        description="Results and the position in one Kafka transaction: exactly once. false: at least once,"
        " with the record id in each message.",
    )
    dead_letters: str | None = Field(
        None, description="Topic of rejected events; default <source topic>.dead-letters."
    )
    max_lag_seconds: float = Field(
        60.0, gt=0, description="An event that is not published after so long raises the alarm."
    )
    drain_seconds: float = Field(
        30.0, ge=0, description="What is on its way when a replica is stopped may take so long."
    )
    run_minutes: float = Field(
        60.0, gt=0, description="A replica's Airflow task ends after so long, when its successor has begun."
    )
    publish_seconds: float = Field(
        1.0, ge=0, description="The feature store and BigQuery get the results of so long at a time."
    )

    def letters_of(self, source: KafkaSource) -> str:
        """The topic of the rejected events of a source."""
        return self.dead_letters or f"{source.topic}.dead-letters"


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
    release: Releases = Field(Releases(), description="How a version becomes live, and what takes it back.")
    experiment: Experiment | None = Field(None, description="Two versions beside each other.")
    budget: Budget = Budget()
    stream: Stream | None = Field(None, description="Real time: `stream: {}` answers each event as it comes.")
    step_timeout_seconds: float = Field(
        3600.0, gt=0, description="Deadline of one step on one partition; what is paid for is kept."
    )

    @field_validator("schedule")
    @classmethod
    def _cron(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("@") and len(value.split()) not in (5, 6):
            raise ValueError("a schedule is a cron expression of five fields, such as '*/15 * * * *'")
        return value

    @field_validator("stream")
    @classmethod
    def _can_stream(cls, stream: Stream | None, info: ValidationInfo) -> Stream | None:
        given = info.data  # a field with a problem of its own is not in it
        if stream is None or not {"source", "publish", "schedule"} <= given.keys():
            return stream
        source, results = given["source"].kafka, given["publish"].kafka
        if source is None or results is None:
            raise ValueError("a stream reads a topic and writes one: give `source.kafka` and `publish.kafka`")
        if given["schedule"] is not None:
            raise ValueError("a stream reads the topic all the time: leave `schedule` out, or `stream`")
        _keep_apart(source.topic, results.topic, stream.letters_of(source))
        if stream.transactions and results.connection != source.connection:
            raise ValueError("one transaction needs one broker: name one, or `transactions: false`")
        return stream


def _keep_apart(source: str, results: str, letters: str) -> None:
    """Raises ValueError when two of a stream's topics are one: it would never end, or its sinks would."""
    if results == source:
        raise ValueError("`publish.kafka` would feed its results into `source.kafka`: name another topic")
    if letters == source:
        raise ValueError("`dead_letters` would feed rejected events into `source.kafka`: name another topic")
    if letters == results:
        raise ValueError(f"results and dead letters need a topic each: both are `{letters}`")


# --- steps.yaml ------------------------------------------------------------------------------------


class Choice(Written):
    when: str = Field(description="Jinja expression over `data` and earlier steps.")
    use: str = Field(description="Model alias for the records for which it holds.")


ESCALATE_WHEN = "escalate_when"
"""Under which a step's condition on its own answer is compiled."""


class ModelChoice(Written):
    """A model for each record."""

    default: str = Field(description="Model alias when no condition holds.")
    choose: list[Choice] = Field([], description="Conditions in order; the first that holds decides.")
    escalate: str | None = Field(None, description="Model alias for answers that no re-ask could mend.")
    escalate_when: str | None = Field(
        None,
        description="Jinja expression over a valid `answer`, `data` and earlier steps, such as"
        " `not answer.sure`: where it holds, `escalate` is asked too, and its answer counts if it is valid.",
    )

    @model_validator(mode="after")
    def _has_whom_to_ask(self) -> ModelChoice:
        if self.escalate_when is not None and self.escalate is None:
            raise ValueError("`escalate_when` needs `escalate`: the model to ask")
        return self


class Params(Written):
    """Sampling parameters; part of what decides an answer, so part of the ledger key."""

    temperature: float = Field(0.0, ge=0, le=2, description="0: the likeliest answer.")
    max_tokens: int = Field(1024, gt=0, description="Longest answer; one that is cut there is rejected.")
    top_p: float | None = Field(None, gt=0, le=1, description="Sample only from this share of likelihood.")
    seed: int | None = Field(None, description="For providers that can repeat a sample.")


EACH_FIELD = "answers"
"""The one field of an llm step with `each`: a list of objects."""


IMAGES = "images"
"""Under which a step's expression of its images is compiled."""


class Images(Written):
    """The pictures of a record that a step looks at: JPEG, PNG or WebP.

    A record names them by path in `folder`, or by URL when its host is among `hosts`; nothing else is read.
    They are turned as their EXIF says and sent no larger than `max_edge`.
    """

    of: str = Field(description="Jinja expression of a path or URL, or a list of them: data.photos.")
    folder: str | None = Field(
        None, description="fsspec URL or path with the files; relative to the use case's folder."
    )
    hosts: list[Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:[0-9]+)?$")]] = Field(
        [], description="Hosts from which URLs may be fetched, with the port where it is not the usual one."
    )
    max_count: int = Field(8, gt=0, le=100, description="A record with more is rejected.")
    max_bytes: int = Field(10_000_000, gt=0, description="A larger file rejects its record.")
    max_edge: int = Field(768, ge=16, le=4096, description="Longest edge that is looked at, in pixels.")

    @model_validator(mode="after")
    def _has_a_place(self) -> Images:
        if self.folder is None and not self.hosts:
            raise ValueError("say where images may come from: `folder`, `hosts`, or both")
        return self


class LlmStep(Written):
    """One question to a language model, answered as JSON that fits the step's output.yaml."""

    kind: Literal["llm"]
    name: Name = Field(description="Its prompt is in the folder of this name beside steps.yaml.")
    model: str | ModelChoice = Field(description="Model alias of models.yaml, or a choice by record.")
    params: Params = Params()
    reask: bool = Field(True, description="Ask once more with the errors when an answer does not fit.")
    each: StepField | None = Field(
        None,
        description="step.field that holds a list: one call for each `item` of it. The step then has one"
        " field, `answers`: for each item its answer's fields, and `item` itself.",
    )
    images: Images | None = Field(
        None, description="Sent with the question, before its words; the models must take images."
    )
    when: str | None = Field(
        None,
        description="Jinja expression; where it does not hold, no model is asked: the step's fields are null,"
        " its lists empty.",
    )

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
    words: dict[Name, str] = Field(
        {},
        description="Name in these expressions -> CSV file with the columns `value` and `words` (split by"
        " `|`), beside steps.yaml or in the use case's folder: a list for `hinted`, `named` and `naming`.",
    )

    @property
    def aliases(self) -> list[str]:
        """A map step calls no model."""
        return []


class Match(Written):
    """Which row of the table a name stands for."""

    field: str = Field(description="Column with the name.")
    aliases: str | None = Field(
        None, description="Column with other names: in CSV split by `|`, in JSONL a list."
    )
    within: str | dict[str, str] = Field(
        {},
        description="Column -> Jinja expression that it must equal, such as {region: data.region}; one word"
        " names a column and the record's field alike.",
    )
    min_score: float = Field(
        85.0, ge=50, le=100, description="Least likeness, 0 to 100; 100: the same letters."
    )
    margin: float = Field(
        3.0, ge=0, le=50, description="Two rows closer than this are ambiguous: neither is linked."
    )

    @property
    def scope(self) -> dict[str, str]:
        """`within` in its long form."""
        return {self.within: f"data.{self.within}"} if isinstance(self.within, str) else self.within


class LookupStep(Written):
    """Names found in a table, without a model: each is linked to the one row that it fits, or to none.

    The step's fields: `ids` and `names` of the rows that were found, each once; `unlinked`, the names that
    fit no row; `links`, for each name its `mention`, `said`, `id`, `name`, `score`, `reason` and `row`.
    """

    kind: Literal["lookup"]
    name: Name = Field(description="Names its fields; it has no folder.")
    table: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*\.(csv|jsonl)$",
        description="CSV or JSONL file beside steps.yaml, or in the use case's folder.",
    )
    id: str = Field("id", description="Column that names a row; no two rows have the same.")
    each: StepField = Field(description="step.field with the names to look up: a list of texts, or one.")
    match: Match

    @property
    def aliases(self) -> list[str]:
        """A lookup step calls no model."""
        return []

    @property
    def columns(self) -> list[str]:
        """The columns that every row must fill."""
        return [self.id, self.match.field, *self.match.scope]


class PhotoQualityStep(Written):
    """Photos of a record ranked by how they were taken, without a model.

    It measures sharpness, exposure, size, near copies, and whether a picture is a drawing (a floor plan, a
    banner of text) or may lie on its side; what is in a photo it cannot see. The step's fields: `order`, the
    photos as the record names them, best first; `scores`, 0 to 1, in that order; `duplicates`, those of which
    a better copy is there; `reasons`, for each photo with a flaw a text such as `a.jpg: blurred, dark`.
    """

    kind: Literal["photo_quality"]
    name: Name = Field(description="Names its fields; it has no folder.")
    images: Images
    min_edge: int = Field(480, gt=0, description="Pixels; a photo whose shorter edge is less is small.")

    @property
    def aliases(self) -> list[str]:
        """A photo_quality step calls no model."""
        return []


class JudgeStep(Written):
    """Candidates of an earlier step scored by a model against the rubric of its prompt folder.

    The prompt is asked once for each candidate, a text that it sees as `item`; the model answers a `reason`,
    a `score` from 0 to 10, and whether it `passes`. The step's fields: `best`, the candidate with the highest
    score among those that passed, the earliest of equals, with `best_score`; `scores` in the candidates'
    order; `accepted`, those that passed, best first; `rejected`, the others; and `verdicts`, for each
    candidate its `item`, `score`, `passes` and `reason`.
    """

    kind: Literal["judge"]
    name: Name = Field(description="Its rubric is in the folder of this name: a prompt without output.yaml.")
    model: str | ModelChoice = Field(description="Model alias; another than the one that wrote them.")
    params: Params = Params()
    reask: bool = Field(True, description="Ask once more with the errors when an answer does not fit.")
    each: StepField = Field(description="step.field with the candidates: a list of texts.")
    min_score: int = Field(0, ge=0, le=10, description="A lower score does not pass, whatever it says.")
    required: bool = Field(True, description="Reject the record when none passes; else `best` is null.")

    @property
    def question(self) -> LlmStep:
        """The question about one candidate, as an llm step asks it."""
        return LlmStep(
            kind="llm", name=self.name, model=self.model, params=self.params, reask=self.reask, each=self.each
        )

    @property
    def aliases(self) -> list[str]:
        """Every model alias that this step may call."""
        return self.question.aliases


class ClaimsStep(Written):
    """Texts checked against what is known, without a model: one that claims more is rejected.

    Numbers (`3만5천원` is 35,000) and words in Latin letters must stand in the facts, and so must the words
    of `need_proof` where a text has them; those of `forbidden` may not stand in it at all, whatever the facts
    say. Letter case, width and spaces do not count. The step's fields: `kept`, the texts that claim nothing
    else; `rejected`, the others; `claims`, what those claim, each once.
    """

    kind: Literal["claims"]
    name: Name = Field(description="Names its fields; it has no folder.")
    each: StepField = Field(description="step.field with the texts: a list of texts, or one.")
    facts: str = Field(
        description="Jinja expression of what may be said: a text, a list, or a mapping, whose keys count"
        " where their value is not false."
    )
    need_proof: list[Annotated[str, Field(pattern=r"^[^|]*[^|\s][^|]*(\|[^|]*[^|\s][^|]*)*$")]] = Field(
        [],
        description="Words that may be said only when the facts have them: brands, `정품`, `방수`. Names of"
        " one thing are split by `|`: `LG|엘지`.",
    )
    forbidden: list[Annotated[str, Field(pattern=r"^[^|]*[^|\s][^|]*$")]] = Field(
        [], description="Words that no text may have: `최저가`, `100%`."
    )
    max_chars: int | None = Field(None, gt=0, description="A longer text is rejected.")

    @property
    def aliases(self) -> list[str]:
        """A claims step calls no model."""
        return []


class RetrieveStep(Written):
    """Passages of a folder of documents that fit a question: full text, and embeddings when a model is named.

    A document is a .md or .txt file (YAML front matter may give its `id`, `title` and further fields) or a
    line of a .jsonl file (`id`, `title`, `text`). The step's fields: `ids` of the documents found, best
    first; `known`, whether there are any; `best_score`, 0 to 1; `passages`, each with `id`, `title`, `text`
    and `score`; and `text`, the passages as a prompt shows them, each under its `[id] title`.
    """

    kind: Literal["retrieve"]
    name: Name = Field(description="Names its fields; it has no folder.")
    documents: str = Field(
        pattern=r"^[a-z][a-z0-9_-]*$",
        description="Folder with the documents, beside steps.yaml or in the use case's folder.",
    )
    query: str = Field(description="Jinja expression of the question.")
    within: dict[str, str] = Field(
        {},
        description="Field of a document -> Jinja expression that it must equal, such as {town: data.town};"
        " a document without the field is for all.",
    )
    top: int = Field(3, gt=0, le=50, description="Passages that are given, at most.")
    max_chars: int = Field(600, ge=100, le=20_000, description="A longer document is cut into passages.")
    min_score: float = Field(
        0.35, ge=0, le=1, description="Least share of the question's words, by rarity, that a passage has."
    )
    embeddings: str | None = Field(
        None, description="Model alias with `capabilities: {embeddings: true}`; without one, full text only."
    )
    min_similarity: float = Field(
        0.5, ge=-1, le=1, description="With embeddings: a passage this alike fits whatever its words."
    )

    @property
    def aliases(self) -> list[str]:
        """The model that embeds, when there is one."""
        return [] if self.embeddings is None else [self.embeddings]


class ClassifyStep(Written):
    """The label of a text, learnt from labelled examples: runs of letters, and vectors when a model is named.

    The examples are a .csv or .jsonl file with the columns `text` and `label`. The step's fields: `label`,
    null for an empty text; `margin`, how far it is ahead of the next one, from 0 on, and no probability; and
    `ranked`, the five likeliest labels, best first. With `each` every text of a list is
    labelled for itself, and the one field is `labelled`: for each that is not empty, in their order, the text
    as `item`, its `label` and its `margin`. With `drop` there is `kept` too.
    """

    kind: Literal["classify"]
    name: Name = Field(description="Names its fields; it has no folder.")
    examples: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*\.(csv|jsonl)$",
        description="CSV or JSONL file beside steps.yaml, or in the use case's folder.",
    )
    text: str | None = Field(
        None,
        description="Jinja expression of the text; an empty one has no label. With `each` it sees `item`,"
        " which is the text when there is none.",
    )
    each: StepField | None = Field(None, description="step.field with a list of texts, each with its label.")
    drop: list[str] = Field(
        [], description="With `each`: labels whose texts are not in the field `kept`; it has all others."
    )
    min_margin: float = Field(
        0.0, ge=0, description="With `drop`: a label less than this ahead of the next one drops nothing."
    )
    embeddings: str | None = Field(
        None, description="Model alias with `capabilities: {embeddings: true}`; without one, letters only."
    )

    @model_validator(mode="after")
    def _has_something_to_label(self) -> ClassifyStep:
        if self.text is None and self.each is None:
            raise ValueError("say what to label: `text`, or `each` for a list of texts")
        if self.drop and self.each is None:
            raise ValueError("`drop` leaves texts of `each` out: name the list")
        return self

    @property
    def aliases(self) -> list[str]:
        """The model that embeds, when there is one."""
        return [] if self.embeddings is None else [self.embeddings]


StepConfig = Annotated[
    LlmStep | MapStep | LookupStep | PhotoQualityStep | JudgeStep | ClaimsStep | RetrieveStep | ClassifyStep,
    Field(discriminator="kind"),
]


class Rule(Written):
    """What must hold for a result to be accepted."""

    name: Name = Field(description="Stands in the dead letters of the records that break it.")
    check: str = Field(description="Jinja expression over `result`, `data` and the steps; false rejects.")


MaskKind = Literal["phone", "rrn", "account", "email", "card", "link"]


class Mask(Written):
    """Personal data that no model sees: in prompts a placeholder such as `[전화1]` stands for it."""

    kinds: list[MaskKind] = Field(
        min_length=1,
        description="phone: also in words (공일공 …); rrn: resident registration numbers, right or made up;"
        " account: of banks; email; card: payment cards; link: web addresses.",
    )
    result: Literal["drop", "restore"] = Field(
        "drop",
        description="What becomes of it in results. drop: out of texts and lists, null where nothing is left;"
        " restore: it stands there as in the record.",
    )


class Screen(Written):
    """Text that speaks to the model instead of to people: no step sees it, `[지시문]` stands there."""

    on_found: Literal["drop", "reject"] = Field(
        "drop",
        description="drop: it is cut out; reject: the record goes to the dead letters (`instruction_found`).",
    )


class StepsFile(Written):
    """`vN/steps.yaml`: the steps in order, the result mapping, the rules."""

    steps: list[StepConfig] = Field(min_length=1, description="In order; a step sees those before it.")
    result: dict[Name, Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]] = Field(
        min_length=1, description="Field that leaves the pipeline -> step.field that it comes from."
    )
    rules: list[Rule] = Field([], description="A record for which one does not hold is rejected.")
    screen: Screen | None = Field(None, description="Orders to a model in a record's text; null: they stay.")
    mask: Mask | None = Field(None, description="Personal data that no model may see; null: none is masked.")


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
    embeddings: bool = Field(False, description="Turns texts into vectors, and writes nothing.")


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
    quote_of: str | None = Field(
        None,
        description="Jinja expression of a text, such as data.body, in which these words must stand.",
    )
    quotes: list[Name] = Field([], description="The fields of the same answer that this quote proves.")
    on_missing: Literal["reject", "drop"] = Field(
        "reject",
        description="A quote that no re-ask mended: reject the record, or null it and what it proves.",
    )
    evaluate: Literal["exact", "words", "close", "set", "top1", "evidence"] | None = Field(
        None,
        description="When a value of the test set is right. exact: the same; words: letters and digits;"
        " close: within `tolerance`; set: a list with the same items in any order; top1: a list whose first"
        " item is the same; evidence: words that stand in the record. Default by type: words for a string,"
        " close for a number, set for a list, else exact.",
    )
    tolerance: float = Field(
        0.001, gt=0, lt=1, description="How far apart close numbers may be, as a share of the larger."
    )

    @property
    def evaluator(self) -> str:
        """The name of what judges its values: `evaluate`, or the default of its type."""
        return self.evaluate or EVALUATORS[self.type][0]

    @model_validator(mode="after")
    def _can_be_evaluated(self) -> FieldSpec:
        allowed = EVALUATORS[self.type]
        if self.evaluator not in allowed:
            raise ValueError(f"`evaluate` for type {self.type} is one of {', '.join(allowed)}")
        if self.evaluator == "evidence" and self.type == "list" and self.items != "string":
            raise ValueError("`evaluate: evidence` is for a string or a list of strings")
        has_numbers = self.type == "list" and self.items == "number"
        if "tolerance" in self.model_fields_set and self.evaluator != "close" and not has_numbers:
            raise ValueError("`tolerance` needs `evaluate: close`, or a list of numbers")
        return self

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
        self._can_quote()
        return self

    def _can_quote(self) -> None:
        if self.quote_of is None:
            if self.quotes or "on_missing" in self.model_fields_set:
                raise ValueError("`quotes` and `on_missing` need `quote_of`: the text that is quoted")
            return
        if self.type == "list" and self.items != "string":
            raise ValueError("`quote_of` is for a string or a list of strings")
        if self.on_missing == "drop" and self.type == "string" and not self.nullable:
            raise ValueError("`on_missing: drop` makes the field null: write `nullable: true`")


EVALUATORS: dict[str, tuple[str, ...]] = {
    "string": ("words", "exact", "evidence"),
    "integer": ("exact", "close"),
    "number": ("close", "exact"),
    "boolean": ("exact",),
    "enum": ("exact",),
    "date": ("exact",),
    "list": ("set", "exact", "top1", "evidence"),
}
"""Type of a field -> what may judge it, the default first."""

_ONLY_FOR: dict[str, tuple[str, ...]] = {
    "items": ("list",),
    "max_items": ("list",),
    "min": ("integer", "number"),
    "max": ("integer", "number"),
    "max_length": ("string", "list"),
    "pattern": ("string",),
    "quote_of": ("string", "list"),
    "quotes": ("string",),
}
