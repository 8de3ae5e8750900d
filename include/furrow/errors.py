"""Everything that can go wrong in Furrow, in one tree. Where an error sits says what happens next.

FurrowError
├── ConfigError            the folder is rejected; a person mends a file (retry does not help)
├── RecordError            this record will never pass; it goes to the dead letters (retry does not help)
│   ├── RecordUnreadable       not UTF-8, not JSON, not an object
│   ├── RecordTooLarge         over the size that the use case allows
│   ├── KeyMissing             the field that names the record, or its event time, is not there
│   ├── PromptFailed           the prompt of a step does not render with this record
│   ├── InstructionFound       the record speaks to the model, and `screen` of steps.yaml rejects such
│   ├── ImageInvalid           an image of the record is not there, not an image, too large, not allowed
│   ├── RequestRefused         the provider refuses this one request (too long, say) and answers others
│   ├── AnswerInvalid          the model's answer does not fit output.yaml, after every rung
│   ├── AnswerTruncated        the model stopped at its token limit; the answer is never closed by us
│   ├── AnswerRefused          the model or its content filter declined
│   ├── NothingGoodEnough      no candidate of a judge step passed
│   └── RuleBroken             a rule of steps.yaml does not hold for the result
├── TransientError         may pass later: held and retried by policy (retry helps)
│   ├── RateLimited            the provider asked to wait; `retry_after` seconds when it said so
│   ├── ProviderUnavailable    the model server is down, slow or answers 5xx
│   ├── SourceUnavailable      the source could not be read ("could not read" is never "absent")
│   ├── ImageUnavailable       an image could not be fetched
│   ├── SinkUnavailable        the sink could not be written or read
│   ├── NotBought              a plan came to a call that is not paid for; a run would buy it
│   └── StoreUnavailable       the state database or the run store could not be reached or was busy
└── RunError               the run stops and a person is paged (retry does not help until it is mended)
    ├── ConnectionMissing      an Airflow connection that a folder names is not defined
    ├── CredentialsRefused     the provider answered 401 or 403
    ├── RequestRejected        the provider says that the request itself is wrong (400, 404, 422)
    ├── StoreDamaged           a file of the run store or a row of the state database is not as written
    │   └── FileMissing            a file of the run store is not there; what writes it has to run again
    ├── NothingAccepted        a run had records and none of them passed: it is not a success
    ├── BudgetSpent            the use case's budget of the day has no room; goes on once it is raised
    ├── PriceUnknown           a use case with a budget calls a model whose price nobody knows
    ├── ReplicaReplaced        a newer process has the place of this replica of a stream; this one ends
    ├── ReleaseChanged         a released version's files differ from what was released
    ├── ReleaseConflict        two people changed what is live at the same time; the second one decides anew
    ├── ReleaseRefused         a promotion or rollback that makes no sense now, and why
    ├── OptionUnknown          a run was asked for something that does not exist (version, use case)
    ├── PageNotWritten         a report's page could not be written; what it would have shown was printed
    └── LocalFailed            a part of the embedded default did not start or stopped
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class FurrowError(Exception):
    """The root; never raised itself. Catch a branch, not this, unless you end the process."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file that a person wrote: where, what, and what to do about it."""

    path: str
    line: int | None
    what: str
    hint: str = ""

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.what}" + (f"; {self.hint}" if self.hint else "")


class ConfigError(FurrowError):
    """One or more problems in what an author wrote. Retrying does not help; mending the file does."""

    def __init__(self, problems: Problem | Iterable[Problem]):
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RecordError(FurrowError):
    """This record will never pass. `reason` is the stable word that dead letters are counted by.

    raw: what could not be accepted (the model's answer, the bytes as text), kept for the dead letter.
    """

    reason = "record_error"

    def __init__(self, message: str, raw: str | None = None):
        super().__init__(message)
        self.raw = raw


class RecordUnreadable(RecordError):
    reason = "record_unreadable"


class RecordTooLarge(RecordError):
    reason = "record_too_large"


class KeyMissing(RecordError):
    reason = "key_missing"


class PromptFailed(RecordError):
    reason = "prompt_failed"


class InstructionFound(RecordError):
    reason = "instruction_found"


class ImageInvalid(RecordError):
    reason = "image_invalid"


class RequestRefused(RecordError):
    reason = "request_refused"


class AnswerInvalid(RecordError):
    reason = "answer_invalid"


class AnswerTruncated(RecordError):
    reason = "answer_truncated"


class AnswerRefused(RecordError):
    reason = "answer_refused"


class NothingGoodEnough(RecordError):
    reason = "nothing_good_enough"


class RuleBroken(RecordError):
    reason = "rule_broken"


class TransientError(FurrowError):
    """May pass later. `retry_after`: seconds that the other side asked us to wait, when it said so.

    maybe_paid: nobody knows whether the other side did the work, and wants money for it.
    """

    reason = "transient_error"

    def __init__(self, message: str, retry_after: float | None = None, maybe_paid: bool = False):
        super().__init__(message)
        self.retry_after = retry_after
        self.maybe_paid = maybe_paid


class RateLimited(TransientError):
    reason = "rate_limited"


class ProviderUnavailable(TransientError):
    reason = "provider_unavailable"


class SourceUnavailable(TransientError):
    reason = "source_unavailable"


class ImageUnavailable(TransientError):
    reason = "image_unavailable"


class SinkUnavailable(TransientError):
    reason = "sink_unavailable"


class StoreUnavailable(TransientError):
    reason = "store_unavailable"


class NotBought(TransientError):
    """A plan came to a call whose answer is not in the ledger."""

    reason = "not_bought"


class RunError(FurrowError):
    """The run stops here and a person has to act; retrying alone changes nothing."""


class ConnectionMissing(RunError):
    """An Airflow connection that the config names is not defined in Airflow or the environment."""


class CredentialsRefused(RunError):
    """The provider answered 401 or 403 to the credentials of the connection."""


class RequestRejected(RunError):
    """The provider says that the request itself is wrong (400, 404, 422)."""


class StoreDamaged(RunError):
    """Something in the run store or the state database is not as it was written."""


class FileMissing(StoreDamaged):
    """A file of the run store is not there: the task that writes it has to run again."""


class NothingAccepted(RunError):
    """A run had records and none of them passed; each is in the dead letters, with its reason."""


class BudgetSpent(RunError):
    """The use case's budget of the day has no room for another call. What was paid for is kept."""


class PriceUnknown(RunError):
    """A budget cannot be kept with a model whose price nobody knows."""


class ReplicaReplaced(RunError):
    """A newer process has taken the place of this replica of a stream. Nothing is wrong: this one ends."""


class ReleaseChanged(RunError):
    """The files of a released version are not what they were when it was released."""


class ReleaseConflict(RunError):
    """Somebody else changed what is live in the meantime. Look again, and decide anew."""


class ReleaseRefused(RunError):
    """A promotion or a rollback that makes no sense as things stand."""


class OptionUnknown(RunError):
    """A run was asked for something that does not exist: a version, a use case, a step."""


class PageNotWritten(RunError):
    """The page of a report could not be written: the disk is full, or the place is none to write to."""


class LocalFailed(RunError):
    """A part of the embedded default did not start, or stopped."""
