"""The `claims` step: texts that say more than the facts bear are rejected, without a model."""

from __future__ import annotations

from furrow.config.models import ClaimsStep
from furrow.config.use_case import Version
from furrow.engine.calls import Answers
from furrow.engine.claims import Facts, claims_of
from furrow.engine.ports import Json
from furrow.engine.prompt import context_of, texts_of
from furrow.engine.record import Trace, Work
from furrow.engine.step import step_of


@step_of(ClaimsStep)
class ClaimsRunner:
    """Checks each text of a record against its facts."""

    look_ahead = 1

    def __init__(self, config: ClaimsStep, version: Version, calls: Answers):
        self.name, self._config = config.name, config
        self._expressions = version.expressions[config.name]

    async def run(self, work: Work, trace: Trace) -> Json:
        """`kept`, `rejected` and `claims`. Raises PromptFailed or AnswerInvalid."""
        context = context_of(work)
        texts = texts_of(self._expressions["each"], context, self._config.each, "check")
        facts = Facts.of(self._expressions["facts"].evaluate(context))
        found = {text: self._claims(text, facts) for text in texts if text.strip()}
        return {
            "kept": [text for text, claims in found.items() if not claims],
            "rejected": [text for text, claims in found.items() if claims],
            "claims": list(dict.fromkeys(claim for claims in found.values() for claim in claims)),
        }

    def _claims(self, text: str, facts: Facts) -> list[str]:
        most = self._config.max_chars
        if most is not None and len(text) > most:
            return [f"more than {most} characters"]
        return claims_of(text, facts, self._config.need_proof, self._config.forbidden)
