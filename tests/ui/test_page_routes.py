"""Every page over a real state database and run store, by its route; who is signed in is Airflow's business
and is tested with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.assembly import Deployment, open_run
from furrow.engine.ports import Answer, Finish, Purchase
from furrow.evaluation.digest_page import as_digest_page
from furrow.orchestration import pages, record_page
from furrow.orchestration.diff_page import _pairs, differing_files
from furrow.orchestration.experiment_dag import experiment_dag
from furrow.store.ledger import SqlLedger
from furrow.store.tables import call_days
from furrow.testing import ModelServer
from furrow.testing.protocols import Asked
from tests.dags.test_experiment_dag import EXPERIMENT, watch
from tests.folders import FolderOfPrompts, record

HOSTILE = "<script>alert(1)</script>\"'"
PHONE = "010-1234-5678"
RUN = "manual__2026-11-26T01:00:00+00:00"


def answer(asked: Asked) -> dict[str, object] | None:
    said = dict(asked.messages)
    if "system" in said:
        return {"digest": f"digest of {said['user'].strip()[:40]}"}
    brand = HOSTILE if "hostile" in said["user"] else "없음" if "무료" in said["user"] else "삼성"
    return {"brand": brand, "price_text": "3만5천원"}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """After one batch run of four listings, one of them hostile, one rejected, one with a phone number."""
    home = tmp_path_factory.mktemp("pages")
    prompts = FolderOfPrompts.write(home / "prompts")
    prompts.change("goods/v1/steps.yaml", "steps:\n", "mask: {kinds: [phone], result: restore}\nsteps:\n")
    rule = "  - {name: brand_known, check: \"result.brand != '없음'\"}\n"
    prompts.change("goods/v1/steps.yaml", "rules:\n", f"rules:\n{rule}")
    prompts.change("goods/pipeline.yaml", "publish:\n  features: {entity: article, ttl_days: 3650}\n", "")
    prompts.version("v2", "Write a shorter digest.")
    hostile, free, phone = f"hostile {HOSTILE}", "무료 나눔", f"전화 {PHONE}"
    bodies = {"body": "갤럭시 1호"}, {"body": hostile}, {"body": free}, {"body": phone}
    prompts.records([record(number, **body) for number, body in enumerate(bodies, 1)])
    with pytest.MonkeyPatch.context() as patch, ModelServer(script=answer) as server:
        patch.setenv("FURROW_HOME", str(home))
        patch.setenv("FURROW_PROMPTS", str(prompts.path))
        model = server.connection()
        told = {"conn_type": model.type, "host": model.host, "password": model.password}
        connections = EnvironmentConnections({"AIRFLOW_CONN_MODELS": json.dumps(told)})
        run_once(connections)
        yield Deployment(None, connections)


def run_once(connections: EnvironmentConnections) -> None:
    with open_run("goods", RUN, connections) as run:
        partitions = run.fetch()
        for step in run.steps():
            partitions = [run.run_step(step, partition) for partition in partitions]
        for partition in partitions:
            run.validate(partition)
        run.evaluate()


def signed_in() -> TestClient:
    """As somebody who may read `goods`, and not edit it."""
    app = pages.create_app()
    [guard] = [dependency.dependency for dependency in app.router.dependencies]
    app.dependency_overrides = {
        guard: lambda: None,
        pages.readable_dags: lambda: {"goods"},
        pages.newest_runs: lambda: {},
        pages.may_see_personal_data: lambda: False,
    }
    return TestClient(app)


@pytest.fixture
def client(deployment: Deployment) -> TestClient:
    """Signed in, after the run."""
    return signed_in()


def text_of(client: TestClient, path: str, status: int = 200) -> str:
    found = client.get(path)
    assert found.status_code == status, found.text[:2000]
    return found.text


def scripts(text: str) -> list[str]:
    """The scripts that a browser would run."""
    return re.findall(r"<script(?![^>]*application/json)[^>]*>", text)


EVERY = {
    "overview": "/",
    "use case": "/use-case?use_case=goods&days=7",
    "by a further dag": "/use-case?use_case=goods.eval",
    "releases": "/releases?use_case=goods",
    "diff": "/diff?use_case=goods&before=v1&after=v2",
    "drift": "/drift?use_case=goods",
    "price": "/price",
    "price of a use case": "/price?use_case=goods&span=7",
    "price of a day": "/price?use_case=goods&day=2026-11-26",
    "runs": "/runs?use_case=goods",
    "calls of a day": "/calls?use_case=goods&day=2026-11-26",
    "dead letters": "/records?use_case=goods",
    "by key": "/records?use_case=goods&key=a2",
    "calls": f"/calls?use_case=goods&run_id={RUN.replace('+', '%2B')}",
}


@pytest.mark.parametrize("path", EVERY.values(), ids=EVERY)
def test_every_page_opens_and_runs_no_script_but_its_own(client: TestClient, path: str) -> None:
    found = client.get(path)
    assert found.status_code == 200, found.text[:2000]
    assert "<script>alert" not in found.text
    policy = found.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([\w-]+)'", policy)
    assert nonce is not None and "script-src 'nonce" in policy and "frame-ancestors 'self'" in policy
    assert all(f'nonce="{nonce[1]}"' in script for script in scripts(found.text))
    assert found.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path.replace("goods", "clothes"), id=name)
        for name, path in EVERY.items()
        if "goods" in path
    ],
)
def test_a_use_case_that_may_not_be_read_is_not_there(client: TestClient, path: str) -> None:
    assert "no such use case" in text_of(client, path, 404)


def test_the_figures_are_those_of_the_state_database(client: TestClient, deployment: Deployment) -> None:
    [spent] = deployment.ledger.spent_on(deployment.call_days._now().date()).values()
    text = text_of(client, "/price?span=1")
    assert re.search(r'data-figure="total">\$' + f"{spent.cost_usd:.4f}", text)
    assert f'data-figure="calls">{spent.calls}<' in text
    overview = text_of(client, "/")
    assert (
        f"${spent.cost_usd:.4f}" in overview and "75.0 %" in overview and "records?use_case=goods" in overview
    )


def test_a_record_shows_its_whole_way(client: TestClient) -> None:
    listed = text_of(client, "/records?use_case=goods&key=a1")
    assert "accepted" in listed
    [way] = set(re.findall(r'href="(record\?[^"]+)"', listed))
    text = text_of(client, "/" + way.replace("&amp;", "&"))
    for part in ("갤럭시 1호", "Write a short digest.", "digest of", "price_text", "35000", "strict", "$0."):
        assert part in text, part


def test_why_a_record_was_rejected_stands_on_its_page(client: TestClient) -> None:
    listed = text_of(client, "/records?use_case=goods")
    assert "rule_broken" in listed and 'data-letter="a3"' in listed
    [way] = set(re.findall(r'href="(record\?[^"]+)"', listed))
    text = text_of(client, "/" + way.replace("&amp;", "&"))
    assert "brand_known" in text and "무료 나눔" in text


def test_a_dead_letter_that_was_accepted_later_has_both_ways(
    client: TestClient, deployment: Deployment
) -> None:
    [letter] = [each for each in deployment.letters.list("goods") if each.key == "a3"]
    accepted = replace(
        letter, run_id="replay__1", outcome="accepted", reason=None, step=None, message=None, tries=1
    )
    deployment.letters.note([replace(accepted, at=letter.at + timedelta(seconds=1))])
    try:
        listed = text_of(client, f"/records?use_case=goods&key={letter.record_id}")
        ways = {way for way in re.findall(r'href="(record\?[^"]+)"', listed) if "letter=" in way}
        assert len(ways) == 2
        for way in ways:
            assert "무료 나눔" in text_of(client, "/" + way.replace("&amp;", "&"))
    finally:
        deployment.letters.note([replace(letter, run_id="replay__1", tries=1)])


def test_personal_data_is_covered_unless_one_may_edit_the_dag(client: TestClient) -> None:
    listed = text_of(client, "/records?use_case=goods&key=a4")
    [way] = set(re.findall(r'href="(record\?[^"]+)"', listed))
    path = "/" + way.replace("&amp;", "&")
    covered = text_of(client, path)
    assert PHONE not in covered and "전화" in covered and "●●●" in covered
    client.app.dependency_overrides[pages.may_see_personal_data] = lambda: True  # type: ignore[attr-defined]
    assert PHONE in text_of(client, path)


def test_a_key_that_is_personal_is_covered_too(client: TestClient, deployment: Deployment) -> None:
    letter = deployment.letters.list("goods")[0]
    deployment.letters.note(
        [replace(letter, record_id="sha256:p", key=PHONE, message=f"call {PHONE}", tries=1)]
    )
    assert PHONE not in text_of(client, "/records?use_case=goods")
    client.app.dependency_overrides[pages.may_see_personal_data] = lambda: True  # type: ignore[attr-defined]
    assert PHONE in text_of(client, "/records?use_case=goods")


def test_a_replay_is_of_what_the_page_shows(client: TestClient) -> None:
    text = text_of(client, "/records?use_case=goods&step=validate&release=v1")
    for name, value in (("step", "validate"), ("release", "v1")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in text


def test_another_dag_than_a_use_cases_has_no_page_and_tells_no_names(client: TestClient) -> None:
    client.app.dependency_overrides[pages.readable_dags] = lambda: {"goods", "releases"}  # type: ignore[attr-defined]
    text = text_of(client, "/use-case?use_case=releases", 404)
    assert "goods" not in text and "/prompts" not in text


def test_what_cannot_be_shown_is_said_on_a_page_and_is_no_markup(client: TestClient) -> None:
    found = client.get("/use-case", params={"use_case": HOSTILE})
    assert found.status_code == 404 and found.headers["content-type"].startswith("text/html")
    found = client.get("/diff", params={"use_case": "goods", "before": HOSTILE, "after": "v1"})
    assert (
        found.status_code == 404 and "&lt;script&gt;alert" in found.text and "<script>alert" not in found.text
    )


def test_a_page_far_behind_the_last_one_is_no_error_of_ours(client: TestClient) -> None:
    assert client.get(f"{EVERY['calls']}&page=100000000000000000000").status_code == 422
    text_of(client, f"{EVERY['calls']}&page=100000")


def test_many_equal_lines_are_compared_in_no_time() -> None:
    many = "\n".join("01" * 700)
    assert _pairs(many, many.replace("0", "0\n0"))
    assert _pairs("a\nb\nc", "a\nx\nc") == [("a", "a"), ("b", "x"), ("c", "c")]


def test_large_files_of_one_size_differ_all_the_same(tmp_path: Path) -> None:
    for name, letter in (("v1", "a"), ("v2", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "table.csv").write_text(letter * 300_000)
    (tmp_path / "v2" / "empty.md").write_text("")
    found = differing_files(*(SimpleNamespace(folder=tmp_path / name) for name in ("v1", "v2")))  # type: ignore[arg-type]
    assert [name for name, _ in found] == ["empty.md", "table.csv"]


def test_nobody_finds_a_record_by_a_path_or_a_pattern(client: TestClient) -> None:
    for key in ("../../goods", "%25", "a", "*", "' or 1=1 --"):
        assert "Not in the newest runs" in text_of(client, f"/records?use_case=goods&key={key}")
    text_of(client, "/record?use_case=goods&run_id=../../x&record_id=y", 404)


def test_of_a_streams_records_the_page_says_where_they_are(
    prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    assert "stream accepted" not in text_of(signed_in(), "/records?use_case=goods&key=a1")
    prompts.change(
        "goods/pipeline.yaml", "publish:\n", "publish:\n  kafka: {connection: kafka, topic: digests}\n"
    )
    prompts.change(
        "goods/pipeline.yaml",
        "  files: {path: sample.jsonl}\n",
        "  kafka: {connection: kafka, topic: listings}\n",
    )
    prompts.change("goods/pipeline.yaml", "live: v1\n", "live: v1\nstream: {}\n")
    text = text_of(signed_in(), "/records?use_case=goods&key=a1")
    assert "what the stream accepted" in text and "<code>digests</code>" in text


def test_the_calls_of_a_run_add_up_and_page(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "CALLS", 3)
    path = EVERY["calls"]
    first, second = text_of(client, path), text_of(client, f"{path}&page=2")
    assert "8 calls" in first and "1 / 3" in first and "2 / 3" in second
    assert len(re.findall(r"<tr><td>", second)) == 3
    assert "4 calls" in text_of(client, f"{path}&step=partition.extract")


def figures(text: str) -> list[str]:
    """The cells with a number in them, as HTML."""
    cells = re.findall(r'<td class="number">(.*?)</td>', text, re.DOTALL)
    return [cell for cell in cells if re.search(r"\d", re.sub(r"<[^>]*>", "", cell))]


@pytest.mark.parametrize(
    "name",
    ["overview", "use case", "releases", "drift", "price", "price of a use case", "runs", "dead letters"],
)
def test_every_number_leads_to_the_records_or_the_run_behind_it(client: TestClient, name: str) -> None:
    text = re.sub(r"<details>.*?</details>", "", text_of(client, EVERY[name]), flags=re.DOTALL)
    if name.startswith("price"):
        text = text[: text.index("The same calls on other models")]  # nobody made those
    assert [cell for cell in figures(text) if "<a href" not in cell] == []
    assert figures(text) or name in ("drift", "releases")


def test_what_a_number_leads_to_is_there(client: TestClient) -> None:
    seen = set[str]()
    for name in ("overview", "use case", "price of a use case", "runs", "dead letters"):
        for href in set(re.findall(r'href="([^"#.][^"]*)"', text_of(client, EVERY[name]))):
            path = "/" + href.replace("&amp;", "&")
            leads = path.partition("?")[0] in ("/runs", "/calls", "/run", "/records", "/price")
            if leads and path not in seen:
                seen.add(path)
                text_of(client, path)
    assert len(seen) > 15


def test_the_calls_behind_a_number_are_as_many_as_it_says(client: TestClient, deployment: Deployment) -> None:
    today = deployment.call_days._now().date()
    for path, expected in (
        (f"/calls?use_case=goods&day={today}", 8),
        (f"/calls?use_case=goods&since={today}", 8),
        (f"/calls?use_case=goods&day={today}&step=extract", 4),
        (f"/calls?use_case=goods&day={today}&step=extract&model=small", 4),
        (f"/calls?use_case=goods&day={today}&model=nobody", 0),
        (f"/calls?use_case=goods&day={today}&release=v9%400", 0),
        (f"/calls?use_case=goods&day={today}&unpriced=1", 0),
        ("/calls?use_case=goods&day=2020-01-01", 0),
    ):
        text = text_of(client, path)
        assert f" {expected} calls" in text and len(re.findall("<tr><td>", text)) == expected, path
    assert client.get("/calls?use_case=goods&day=9999-12-31").status_code == 422


def test_calls_that_were_pruned_are_still_counted(
    client: TestClient, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("furrow.orchestration.call_list.newest_calls", lambda *_: [])
    text = text_of(client, f"/calls?use_case=goods&day={deployment.call_days._now().date()}")
    assert "8 calls" in text and "The ledger was pruned" in text


def test_a_page_of_pruned_calls_is_not_called_one_on_which_nothing_was_bought(
    client: TestClient, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "CALLS", 3)
    monkeypatch.setattr("furrow.orchestration.call_list.newest_calls", lambda *_: [])
    path = f"/calls?use_case=goods&day={deployment.call_days._now().date()}"
    pruned, behind = text_of(client, f"{path}&page=2"), text_of(client, f"{path}&page=9")
    assert "The ledger was pruned" in pruned and "2 / 3" in pruned
    assert "fewer calls" in behind and re.search(r'<a href="calls\?[^"]*page=3[^"]*">←', behind)
    assert "Nothing was bought" not in pruned + behind


def test_a_page_of_calls_adds_up_what_is_settled(
    client: TestClient, prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    at = datetime.now(UTC) - timedelta(hours=1)
    database = Deployment().database
    answer = Answer("{}", Finish.STOP, "m", 10, 2, 0.25, 1.0)
    SqlLedger(database, lambda: at).record([Purchase("k", answer, "small", "goods", "extract", "v1@1", "r")])
    assert " 1 calls" in text_of(client, "/calls?use_case=goods")
    added = database.read(lambda connection: connection.scalar(sa.select(call_days.c.calls)))
    assert added == 1


def test_the_runs_behind_a_number_are_listed_and_page(
    client: TestClient, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = datetime(2026, 11, 20, tzinfo=UTC)
    for minute in range(3):
        at = began + timedelta(minutes=minute)
        report = {"outcomes": {"accepted": 2}, "rungs": {"reasked": minute}}
        deployment.windows.note("goods", "v8@0", "stream__1__0", at, at, 2, report, published=minute != 2)
    text = text_of(client, f"/runs?use_case=goods&day={deployment.call_days._now().date()}")
    assert f"run?use_case=goods&amp;run_id={quote_plus(RUN)}" in text and "75.0 %" in text
    rows = r"<tr><td><time"
    for query, expected in (("release=v8%400", 3), ("release=v8%400&rung=reasked", 2), ("day=2026-11-20", 3)):
        assert len(re.findall(rows, text_of(client, f"/runs?use_case=goods&{query}"))) == expected, query
    shadow = text_of(client, "/runs?use_case=goods&release=v8%400")
    assert "in the shadow" in shadow and shadow.index("00:02 UTC") < shadow.index("00:00 UTC")
    assert 'href="run?' not in shadow
    oldest = text_of(client, "/runs?use_case=goods&oldest=1")
    assert oldest.index("00:00 UTC") < oldest.index("00:02 UTC")
    monkeypatch.setattr(pages, "RUNS", 2)
    first = text_of(client, "/runs?use_case=goods&release=v8%400")
    assert len(re.findall(rows, first)) == 2 and "page=2" in first
    assert len(re.findall(rows, text_of(client, "/runs?use_case=goods&release=v8%400&page=2"))) == 1


def test_the_numbers_of_a_digest_lead_on(client: TestClient, deployment: Deployment) -> None:
    now = deployment.call_days._now()
    found = deployment.digest(now + timedelta(minutes=1), days=7)
    assert "<a " not in as_digest_page(found)
    deployment.run_store.run("furrow.digest", "d1").write_json("digest.json", found.to_json())
    text_of(client, "/digest?run_id=d1", 404)
    client.app.dependency_overrides[pages.readable_dags] = lambda: {"goods", "furrow.digest"}  # type: ignore[attr-defined]
    text = text_of(client, "/digest?run_id=d1")
    hrefs = {href.replace("&amp;", "&") for href in re.findall(r'href="([^"]+)"', text)}
    assert {href.partition("?")[0] for href in hrefs} == {"calls", "runs", "records"}
    for href in hrefs:
        text_of(client, f"/{href}")
    assert f"until={now.date()}" in text
    [calls] = {href for href in hrefs if href.startswith("calls") and f"until={now.date()}" in href}
    assert "8 calls" in text_of(client, f"/{calls}")


def test_dead_letters_page_on_the_server(
    client: TestClient, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = replace(deployment.letters.list("goods")[0], tries=1)
    letters = [replace(letter, record_id=f"sha256:n{n}", key=f"n{n}", reason="paged") for n in range(3)]
    deployment.letters.note(letters)
    monkeypatch.setattr(record_page, "LETTERS_ON_A_PAGE", 2)
    first = text_of(client, "/records?use_case=goods&reason=paged")
    second = text_of(client, "/records?use_case=goods&reason=paged&page=2")
    assert [first.count("data-letter"), second.count("data-letter")] == [2, 1]
    assert "1 / 2" in first and re.search(r'href="records\?[^"]*reason=paged', first)


def test_the_price_of_a_day_is_that_days_alone(client: TestClient, deployment: Deployment) -> None:
    today = deployment.call_days._now().date()
    assert 'data-figure="calls">8<' in text_of(client, f"/price?day={today}")
    text = text_of(client, f"/price?use_case=goods&day={today - timedelta(days=1)}")
    assert 'data-figure="calls">0<' in text and "Paid on" in text


def test_what_changed_between_versions_stands_side_by_side(client: TestClient) -> None:
    text = text_of(client, EVERY["diff"])
    assert "Write a short digest." in text and "Write a shorter digest." in text
    assert "extract/user.md" not in text
    text_of(client, "/diff?use_case=goods&before=v1&after=v9", 404)


def test_the_scripts_that_draw_come_from_this_server(client: TestClient) -> None:
    named = re.findall(r'src="(static/[^"]+)"', text_of(client, EVERY["use case"]))
    assert [name.partition("?")[0] for name in named] == [
        "static/bokeh.min.js",
        "static/bokeh-api.min.js",
        "static/charts.js",
    ]
    for name in named:
        found = client.get(f"/{name}")
        assert found.status_code == 200 and "javascript" in found.headers["content-type"]
    for name in ("pages.py", "..%2Fpages.py", "bokeh.js"):
        assert client.get(f"/static/{name}").status_code == 404


@pytest.fixture
def experimenting(
    prompts: FolderOfPrompts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FolderOfPrompts:
    """A deployment whose use case tries another version on some units."""
    prompts.version("v2", "Digest of version 2.")
    prompts.change("goods/pipeline.yaml", "live: v1\n", f"live: v1\n{EXPERIMENT}")
    monkeypatch.setenv("FURROW_HOME", str(tmp_path))
    monkeypatch.setenv("FURROW_PROMPTS", str(prompts.path))
    return prompts


def test_an_experiment_stands_on_the_page_with_its_effect_and_interval(
    experimenting: FolderOfPrompts,
) -> None:
    text = text_of(signed_in(), "/use-case?use_case=goods")
    assert "data-experiment" in text and "Too few units" in text
    watch(experimenting, live=200, candidate=200)
    Deployment().experiment("goods").look()
    text = text_of(signed_in(), "/use-case?use_case=goods")
    assert "Effect: +0.5" in text and "valid at every look" in text and ">200<" in text


def drawn(text: str, name: str) -> dict[str, Any]:
    """What the script draws of that chart."""
    [told] = re.findall(
        rf'data-chart="{name}">.*?<script type="application/json">(.*?)</script>', text, re.DOTALL
    )
    found: dict[str, Any] = json.loads(told)
    return found


def not_as_written(look: dict[str, Any]) -> list[str]:
    """Files that a look of this experiment may have become, from no JSON to one false figure."""
    analysis, effect = look["analysis"], look["analysis"]["effect"]
    without = {name: value for name, value in look.items() if name != "analysis"}
    others = [
        [],
        without,
        look | {"at": "yesterday"},
        look | {"at": "2026-11-25T00:00:00"},
        look | {"at": None, "analysis": []},
        look | {"analysis": analysis | {"live": {}}},
        look | {"analysis": analysis | {"effect": effect | {"difference": "much"}}},
        look | {"analysis": analysis | {"effect": effect | {"always": [0.1]}}},
        look | {"analysis": analysis | {"effect": effect | {"difference": float("nan")}}},
    ]
    return ["{", *map(json.dumps, others)]


def test_the_effect_is_drawn_with_its_interval_at_each_look_that_was_taken(
    experimenting: FolderOfPrompts,
) -> None:
    watch(experimenting, live=200, candidate=200)
    task = experiment_dag(experimenting.load(), "furrow").get_task("look")
    taken = ("scheduled__2026-11-25T00:00:00+00:00", "manual__2026-11-24T12:00:00.5+00:00_Xy1")
    for run_id in taken:
        task.execute({"run_id": run_id})
    other = Deployment().run_store.run("goods.experiment", "manual__2026-11-20T00:00:00+00:00")
    other.write_json("experiment.json", {"experiment": "another"})
    whole = json.loads(Deployment().run_store.run("goods.experiment", taken[0]).read_text("experiment.json"))
    for number, text in enumerate(not_as_written(whole), 10):
        damaged = Deployment().run_store.run("goods.experiment", f"manual__2026-11-{number}T00:00:00+00:00")
        damaged.write_text("experiment.json", text)
    misnamed = Deployment().run_store.run("goods.experiment", "manual__2026-99-99T00:00:00+00:00")
    misnamed.write_json("experiment.json", whole)
    text = text_of(signed_in(), "/use-case?use_case=goods")
    found = drawn(text, "effect")
    assert found["kind"] == "effect" and found["units"] == [400, 400, 400]
    assert found["value"] == pytest.approx([0.5] * 3)
    assert all(low < 0.5 < high for low, high in zip(found["low"], found["high"], strict=True))
    assert "../dags/goods.experiment/runs/scheduled__2026-11-25T00%3A00%3A00%2B00%3A00" in text


def test_an_experiment_that_is_too_young_has_no_chart(
    experimenting: FolderOfPrompts,
) -> None:
    assert 'data-chart="effect"' not in text_of(signed_in(), "/use-case?use_case=goods")


def test_a_state_database_that_cannot_be_read_is_said(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "furrow.db").write_text("this is no database " * 100)
    monkeypatch.setenv("FURROW_DB", f"sqlite:///{tmp_path / 'furrow.db'}")
    for name in ("price", "dead letters", "use case"):
        assert "state database" in text_of(client, EVERY[name], 409)
