"""The DAG of the digest, in this process, without a running Airflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_string
from email.header import decode_header, make_header
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest
from airflow.sdk.exceptions import AirflowSkipException

from furrow.assembly import Deployment
from furrow.config.settings import Settings
from furrow.errors import ConnectionMissing, RequestRejected, SinkUnavailable
from furrow.evaluation.digest import Digest, UseCaseDigest
from furrow.orchestration.dag_factory import build_dags
from furrow.orchestration.digest_sending import MOST_CHARACTERS, message_of
from furrow.orchestration.links import ReportLink, digest_url
from tests.folders import FolderOfPrompts
from tests.webhooks import MailServer, Webhook, mail_server, webhook

UNTIL = datetime(2026, 11, 22, tzinfo=UTC)
RUN = "scheduled__2026-11-22T00:00:00+00:00"
CONNECTION = "AIRFLOW_CONN_FURROW_DIGEST"


@pytest.fixture
def shop(prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderOfPrompts:
    """As tasks find it, with nowhere to send to."""
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("FURROW_DB", "FURROW_STORE", "FURROW_DIGEST_CONNECTION", CONNECTION):
        monkeypatch.delenv(name, raising=False)
    return prompts


@pytest.fixture
def hook(shop: FolderOfPrompts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """A webhook that the connection names."""
    with webhook() as listening:
        monkeypatch.setenv(CONNECTION, f"http://127.0.0.1:{listening.port}/services")
        yield listening


@pytest.fixture
def mails(shop: FolderOfPrompts, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server that the connection names."""
    with mail_server() as listening:
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "furrow@example.com"}
        told = {"conn_type": "smtp", "host": "127.0.0.1", "port": listening.port}
        to = {"to": ["team@example.com", "lead@example.com"]}
        monkeypatch.setenv(CONNECTION, json.dumps({**told, "extra": {**extra, **to}}))
        yield listening


def dag_of(shop: FolderOfPrompts) -> Any:
    return build_dags(replace(Settings.from_environment({}), prompts=shop.path))["furrow.digest"]


def execute(shop: FolderOfPrompts, task: str, **changed: Any) -> Any:
    end = pendulum.instance(UNTIL)  # as Airflow gives it
    context = {"run_id": RUN, "params": {"days": 7}, "data_interval_end": end, **changed}
    return dag_of(shop).get_task(task).execute(context)


def spend(usd: float) -> None:
    from furrow.engine.ports import Answer, Finish, Purchase
    from furrow.store.ledger import SqlLedger

    answer = Answer("{}", Finish.STOP, "small", 1, 1, usd, 0.1)
    purchase = Purchase(f"k{usd}", answer, "small", "goods", "digest", "v1@0", "r1")
    SqlLedger(Deployment().database, lambda: datetime(2026, 11, 20, tzinfo=UTC)).record([purchase])


# --- the DAG ----------------------------------------------------------------------------------------


def test_each_week_it_is_collected_and_then_sent(shop: FolderOfPrompts) -> None:
    dag = dag_of(shop)
    assert (dag.schedule, dag.catchup, dag.max_active_runs) == ("@weekly", False, 1)
    assert {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks} == {
        "collect": ["send"],
        "send": [],
    }
    assert {type(task.retry_policy).__name__ for task in dag.tasks} == {"ByErrorTree"}
    assert "furrow_digest" in dag.doc_md


def test_a_worker_makes_this_dag_and_no_other(shop: FolderOfPrompts, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.put("furrow/pipeline.yaml", "description: [")  # a use case of that name takes nothing from it
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "furrow.digest")
    dags = build_dags(replace(Settings.from_environment({}), prompts=shop.path))
    assert [name for name in dags if "." in name or name == "release_watch"] == ["furrow.digest"]


def test_it_is_collected_up_to_the_end_of_the_interval_and_stored(
    shop: FolderOfPrompts, capsys: pytest.CaptureFixture[str]
) -> None:
    spend(0.25)
    told = execute(shop, "collect")
    assert told == {"use_cases": 1, "red": 0, "calls": 1, "cost_usd": 0.25, "uri": told["uri"]}
    page = Path(told["uri"])
    assert page.name == "digest.html" and "2026-11-15" in page.read_text()
    stored = Digest.from_json(json.loads((page.parent / "digest.json").read_text()))
    assert (stored.until, stored.days) == (UNTIL, 7)
    assert "spent: $0.2500 in 1 calls" in capsys.readouterr().out


def test_a_run_by_hand_takes_other_days_up_to_now(shop: FolderOfPrompts) -> None:
    spend(0.25)
    now = SimpleNamespace(run_after=pendulum.datetime(2026, 11, 22, 12))
    told = execute(shop, "collect", params={"days": 1}, data_interval_end=None, dag_run=now)
    assert told["calls"] == 0


def test_the_button_leads_to_its_page(shop: FolderOfPrompts) -> None:
    [link] = dag_of(shop).get_task("collect").operator_extra_links
    key = SimpleNamespace(dag_id="furrow.digest", run_id=RUN)
    assert isinstance(link, ReportLink) and link.get_link(None, ti_key=key) == digest_url(RUN)
    assert "/furrow/digest?run_id=scheduled__2026-11-22T00%3A00" in digest_url(RUN)


# --- sending it -------------------------------------------------------------------------------------


def test_without_a_connection_it_is_only_stored_and_the_log_says_how_to_have_it_sent(
    shop: FolderOfPrompts, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(shop, "collect")
    with pytest.raises(AirflowSkipException):
        execute(shop, "send")
    assert "no connection `furrow_digest`" in capsys.readouterr().out


def test_a_webhook_gets_the_text_once(shop: FolderOfPrompts, hook: Webhook) -> None:
    execute(shop, "collect")
    first, again = execute(shop, "send"), execute(shop, "send")
    [(path, _, body)] = hook.got
    assert first == again and first["connection"] == "furrow_digest"
    assert path == "/services" and body["text"].startswith("Furrow, 2026-11-15 to 2026-11-22")


def test_a_webhook_that_is_down_fails_the_task_after_it_was_stored_and_a_retry_sends_it(
    shop: FolderOfPrompts, hook: Webhook
) -> None:
    stored = Path(execute(shop, "collect")["uri"])
    hook.answers = [503]
    with pytest.raises(SinkUnavailable):
        execute(shop, "send")
    assert stored.exists() and execute(shop, "send")["at"] and len(hook.got) == 2


def test_collecting_again_does_not_send_again(shop: FolderOfPrompts, hook: Webhook) -> None:
    for _ in range(2):
        execute(shop, "collect")
        execute(shop, "send")
    assert len(hook.got) == 1


def test_a_mail_has_the_page_in_it(shop: FolderOfPrompts, mails: MailServer) -> None:
    execute(shop, "collect")
    execute(shop, "send")
    [mail] = map(message_from_string, mails.mails)
    assert mails.to == ["team@example.com", "lead@example.com"]
    assert "2026-11-15 to 2026-11-22: nothing red" in str(make_header(decode_header(mail["Subject"])))
    [html] = [part for part in mail.walk() if part.get_content_type() == "text/html"]
    payload = html.get_payload(decode=True)
    assert isinstance(payload, bytes) and "<h2>Figures</h2>" in payload.decode()


def test_a_mail_to_nobody_is_refused_for_good(shop: FolderOfPrompts, mails: MailServer) -> None:
    mails.refused = True
    execute(shop, "collect")
    with pytest.raises(RequestRejected, match="furrow_digest"):
        execute(shop, "send")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{"conn_type": "smtp", "host": "127.0.0.1"}', "has no"),
        ('{"conn_type": "kafka"}', "of type `kafka`"),
        ('{"conn_type": "http"}', "has no host"),
    ],
    ids=["a mail to nobody", "another type", "no address"],
)
def test_a_connection_that_cannot_send_is_named(
    shop: FolderOfPrompts, monkeypatch: pytest.MonkeyPatch, written: str, said: str
) -> None:
    monkeypatch.setenv(CONNECTION, written)
    execute(shop, "collect")
    with pytest.raises(ConnectionMissing, match=f"`furrow_digest`.*{said}|{said}"):
        execute(shop, "send")


def test_the_environment_names_another_connection_which_then_has_to_be_there(
    shop: FolderOfPrompts, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FURROW_DIGEST_CONNECTION", "ads_chat")
    execute(shop, "collect")
    with pytest.raises(ConnectionMissing, match="`ads_chat`"):
        execute(shop, "send")
    monkeypatch.setenv("AIRFLOW_CONN_ADS_CHAT", f"http://127.0.0.1:{hook.port}")
    assert execute(shop, "send")["connection"] == "ads_chat"


def test_a_message_calls_nobody_and_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team")
    found = [UseCaseDigest(name=f"<!channel> {n}" + "x" * 100, error="<@everyone>") for n in range(500)]
    text = message_of(Digest.of(found, UNTIL, UNTIL, 7), "/digest?run_id=r")
    assert "<" not in text and len(text) < MOST_CHARACTERS + 200
    assert text.endswith("\n\nhttps://airflow.example/team/furrow/digest?run_id=r")
