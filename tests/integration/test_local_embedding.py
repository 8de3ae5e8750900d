"""The embedding model of the embedded default, for real (downloaded once when it is not on this machine)."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment
from furrow.config.settings import Settings
from furrow.engine.ports import EMBED, Arrival, Message, ModelRequest
from furrow.engine.reading import read_work
from furrow.engine.record import Work
from furrow.local import connections
from furrow.local.supervisor import down, status, up
from tests.folders import FolderOfPrompts
from tests.own_ports import use_free_ports

pytestmark = [pytest.mark.local_model]
ALIAS = "local-embed"
PROJECT = Path(__file__).resolve().parents[2]
STEPS = """\
steps:
  - name: find
    kind: retrieve
    documents: notices
    query: data.question
    top: 1
    embeddings: local-embed
    min_similarity: 0.8
result: {found: find.ids, known: find.known}
"""
NOTICES = [
    {"id": "d1", "title": "도서관 휴관일", "text": "도서관은 매주 월요일에 문을 닫습니다."},
    {"id": "d2", "title": "여권 발급", "text": "여권은 구청 민원실에서 신청합니다."},
]
PIPELINE = """\
description: answers
owner: tests
source:
  files: {path: sample.jsonl}
record: {key: id, time: at}
live: v1
"""
QUESTION = {
    "id": "q1",
    "at": "2026-11-24T09:00:00+09:00",
    "question": "해외여행 서류는 어느 관공서로 가나요?",
}
"""It has no pair of syllables in common with the notice that answers it."""


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> FolderOfPrompts:
    """A use case over two notices, with the models that are shipped."""
    folder = FolderOfPrompts(tmp_path_factory.mktemp("project") / "prompts")
    folder.put("models.yaml", (PROJECT / "prompts" / "models.yaml").read_text(encoding="utf-8"))
    folder.put("answers/pipeline.yaml", PIPELINE)
    folder.put("answers/v1/steps.yaml", STEPS)
    lines = [json.dumps(notice, ensure_ascii=False) for notice in NOTICES]
    folder.put("answers/notices/all.jsonl", "\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def deployment(prompts: FolderOfPrompts) -> Iterator[Deployment]:
    """With the embedding model up, by `furrow up local-embed`, on a port of its own."""
    home = prompts.path.parent
    settings = Settings.from_environment({"FURROW_HOME": str(home), "FURROW_PROMPTS": str(prompts.path)})
    with pytest.MonkeyPatch.context() as patch:
        use_free_ports(patch)
        try:
            up(settings, [ALIAS])
            yield Deployment(settings, EnvironmentConnections(connections.environment(settings)))
        finally:
            down(settings)


def run(deployment: Deployment, question: dict[str, Any]) -> Work:
    use_case, done = deployment.use_case("answers"), list[Work]()
    work = read_work(Arrival(question["id"], json.dumps(question).encode()), use_case.pipeline.record)
    asyncio.run(deployment.run_in_process(use_case, use_case.version(), [work], done.append))
    return done[0]


def test_it_is_a_part_that_runs_alone(deployment: Deployment) -> None:
    ready = [part.name for part in status(deployment.settings) if part.state == "ready"]
    assert ready == [ALIAS]


def test_a_vector_has_384_numbers_and_its_length_is_1(deployment: Deployment) -> None:
    entry = deployment.use_case("answers").version().catalogue[ALIAS]

    async def ask(text: str) -> bytes:
        from furrow.adapters.language_model import open_model

        model = open_model(ALIAS, entry, deployment.connections.get(entry.connection))
        answer = await model.ask(ModelRequest(ALIAS, entry.model, (Message(EMBED, text),)))
        await model.close()
        assert answer.input_tokens > 0 and answer.cost_usd == 0
        return base64.b64decode(answer.text)

    import numpy as np

    vector = np.frombuffer(asyncio.run(ask("도서관 휴관일")), dtype="<f4")
    assert vector.shape == (384,)
    assert float(np.linalg.norm(vector)) == pytest.approx(1.0, abs=1e-3)


def test_a_paraphrase_is_found_and_the_documents_are_bought_once(deployment: Deployment) -> None:
    first = run(deployment, QUESTION)
    assert first.result == {"found": ["d2"], "known": True}
    assert calls(deployment) == len(NOTICES) + 1
    again = run(deployment, QUESTION)
    assert again.result == first.result
    assert calls(deployment) == len(NOTICES) + 1
    other = run(deployment, {**QUESTION, "id": "q2", "question": "책 빌리러 가려는데 쉬는 날이 있어요?"})
    assert other.result == {"found": ["d1"], "known": True}
    assert calls(deployment) == len(NOTICES) + 2


def calls(deployment: Deployment) -> int:
    """Paid answers in the ledger."""
    from sqlalchemy import func, select

    from furrow.store.tables import calls as table

    count = select(func.count()).select_from(table)
    return deployment.database.read(lambda connection: int(connection.scalar(count) or 0))
