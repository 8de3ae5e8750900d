"""The Feast repository: generated from the use cases, the same each time, usable by Feast's own tools."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from furrow.adapters.feature_repository import apply, definitions, is_current, open_store, write_repository
from furrow.config.loader import load_all
from furrow.config.use_case import Broken
from furrow.errors import ConfigError, OptionUnknown, Problem
from tests.features import OUTPUT, Home, row, write_version
from tests.folders import FolderOfPrompts


@pytest.fixture
def goods(prompts: FolderOfPrompts) -> FolderOfPrompts:
    write_version(prompts)
    return prompts


def test_the_committed_repository_is_what_the_use_cases_say(root: Path) -> None:
    folder = root / "include" / "feature_repo"
    assert is_current(load_all(root / "prompts"), folder), (
        "run `furrow features apply` and commit include/feature_repo"
    )


def test_definitions_are_the_same_whatever_the_order_of_the_use_cases(goods: FolderOfPrompts) -> None:
    other = replace(goods.load(), name="another")
    text = definitions([goods.load(), other])
    assert text == definitions([other, goods.load()])
    ast.parse(text)


def test_every_type_of_field_has_its_feast_type(goods: FolderOfPrompts) -> None:
    text = definitions([goods.load()])
    for field, kind in {
        "brand": "String",
        "price_krw": "Int64",
        "weight": "Float64",
        "sold": "Bool",
        "condition": "String",
        "made": "String",
        "tags": "Array(String)",
        "sizes": "Array(Int64)",
        "ratios": "Array(Float64)",
        "release": "String",
        "article_id": "String",
    }.items():
        assert f'Field(name="{field}", dtype={kind}' in text


def test_what_an_author_wrote_cannot_become_code(goods: FolderOfPrompts) -> None:
    goods.change("goods/pipeline.yaml", "listings to attributes", '\'\\\\"""); import os #\'')
    tree = ast.parse(definitions([goods.load()]))
    assert [node.names[0].name for node in ast.walk(tree) if isinstance(node, ast.Import)] == ["os"]
    assert any(isinstance(node, ast.Constant) and "import os #" in str(node.value) for node in ast.walk(tree))


def test_a_use_case_that_publishes_no_features_is_not_in_the_definitions(goods: FolderOfPrompts) -> None:
    goods.change("goods/pipeline.yaml", "publish:\n  features: {entity: article, ttl_days: 3650}\n", "")
    assert "goods" not in definitions([goods.load()])
    ast.parse(definitions([]))


def test_the_fields_of_all_versions_are_in_one_view(goods: FolderOfPrompts) -> None:
    write_version(goods, "v2", "brand: {type: string, nullable: true}\ncolour: {type: string}\n")
    text = definitions([goods.load()])
    assert text.count('name="brand"') == 1
    assert text.index('name="ratios"') < text.index('name="colour"')


TAKEN = {
    "another type": (
        "v2",
        "brand: {type: integer}\n",
        r"v2/steps.yaml: result field `brand` is integer here and string",
    ),
    "a stamp": (
        "v1",
        "brand: {type: string}\nrelease: {type: string}\n",
        "every published row has its own `release`",
    ),
    "the key": ("v1", "brand: {type: string}\narticle_id: {type: string}\n", "`article_id` is a column"),
    "the timestamp": (
        "v1",
        "brand: {type: string}\nevent_timestamp: {type: string}\n",
        "`event_timestamp` is a column",
    ),
}


@pytest.mark.parametrize(("version", "output", "words"), TAKEN.values(), ids=TAKEN.keys())
def test_a_field_name_that_cannot_be_served_is_a_config_error(
    goods: FolderOfPrompts, version: str, output: str, words: str
) -> None:
    write_version(goods, version, output)
    with pytest.raises(ConfigError) as caught:
        definitions([goods.load()])
    assert words in str(caught.value)


def test_a_use_case_that_does_not_load_keeps_the_definitions_as_they_are(
    goods: FolderOfPrompts, tmp_path: Path
) -> None:
    write_repository([goods.load()], tmp_path / "repo")
    before = (tmp_path / "repo" / "definitions.py").read_text()
    broken = Broken("jobs", tmp_path, ConfigError(Problem("jobs/pipeline.yaml", 3, "unknown key")))
    with pytest.raises(ConfigError, match=r"jobs/pipeline\.yaml:3"):
        write_repository([goods.load(), broken], tmp_path / "repo")
    assert (tmp_path / "repo" / "definitions.py").read_text() == before


def test_a_repository_is_written_once_and_its_own_configuration_is_kept(
    goods: FolderOfPrompts, tmp_path: Path
) -> None:
    folder = tmp_path / "repo"
    assert write_repository([goods.load()], folder)
    (folder / "feature_store.yaml").write_text("project: mine\n")
    assert not write_repository([goods.load()], folder)
    goods.change("goods/pipeline.yaml", "ttl_days: 3650", "ttl_days: 7")
    assert not is_current([goods.load()], folder)
    assert write_repository([goods.load()], folder)
    assert (folder / "feature_store.yaml").read_text() == "project: mine\n"
    assert "timedelta(days=7)" in (folder / "definitions.py").read_text()


def test_a_folder_without_a_repository_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(OptionUnknown, match="furrow features apply"):
        apply(tmp_path)


def test_a_configuration_that_feast_refuses_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "feature_store.yaml").write_text("project: furrow\nprovider: local\nno_such_key: 1\n")
    with pytest.raises(ConfigError, match=r"feature_store\.yaml.*Feast refuses it"):
        open_store(tmp_path)


def test_applying_again_keeps_what_is_published(home: Home) -> None:
    home.store().publish([row()])
    before = home.store().read(["a1"]), home.history()
    assert home.apply() == ["goods"]
    assert (home.store().read(["a1"]), home.history()) == before


def test_a_new_version_with_new_fields_reads_beside_the_old_rows(home: Home) -> None:
    home.store().publish([row("a1"), row("a2")])
    write_version(home.prompts, "v2", OUTPUT + "colour: {type: string}\n")
    home.prompts.change("goods/pipeline.yaml", "live: v1", "live: v2")
    with pytest.raises(OptionUnknown, match=r"colour.*furrow features apply"):
        home.store().publish([row("a2", hours=1, release="v2@00000002", colour="검정")])
    home.apply()
    home.store().publish([row("a2", hours=1, release="v2@00000002", colour="검정")])
    read = home.store().read(["a1", "a2"])
    assert (read["a1"]["colour"], read["a2"]["colour"]) == (None, "검정")
    assert [past["colour"] for past in home.history()] == [None, None, "검정"]


def test_a_rollback_leaves_no_field_of_the_newer_version_behind(home: Home) -> None:
    write_version(home.prompts, "v2", OUTPUT + "colour: {type: string}\n")
    home.apply()
    home.store().publish([row(release="v2@00000002", colour="검정")])
    home.store().publish([row(release="v1@00000001")])
    assert home.store().read(["a1"])["a1"]["colour"] is None


def test_a_field_that_changes_its_type_is_refused_before_anything_is_touched(home: Home) -> None:
    home.store().publish([row()])
    write_version(home.prompts, "v1", OUTPUT.replace("price_krw: {type: integer", "price_krw: {type: string"))
    with pytest.raises(ConfigError, match="price_krw"):
        home.apply()
    write_version(home.prompts)
    assert home.store().read(["a1"])["a1"]["price_krw"] == 350_000


def test_a_view_that_was_never_applied_says_what_to_run(home: Home) -> None:
    shutil.rmtree(home.settings.var)
    with pytest.raises(OptionUnknown, match=r"goods: it has no feature view.*furrow features apply"):
        home.store().publish([row()])


def test_the_repository_works_from_any_folder_with_feasts_own_command(home: Home, tmp_path: Path) -> None:
    home.store().publish([row()])
    command = [str(Path(sys.executable).with_name("feast")), "-c", str(home.settings.features), "apply"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert home.store().read(["a1"])["a1"]["brand"] == "삼성"
    assert home.store().publish([row(hours=1)]) == 1


def test_the_production_configuration_is_one_that_feast_takes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FURROW_DB", "postgresql+psycopg2://u:p@127.0.0.1:1/features")
    monkeypatch.setenv("FURROW_FEATURES_REDIS", "127.0.0.1:1")
    config = open_store(root / "include" / "feature_repo" / "production.yaml").config
    assert (config.online_store.type, config.online_store.skip_dedup) == ("redis", True)
    assert (config.offline_store.type, config.registry.registry_type) == ("file", "sql")


def test_another_yaml_file_of_the_folder_may_be_named(home: Home) -> None:
    text = (home.settings.features / "feature_store.yaml").read_text()
    other = home.settings.features / "other.yaml"
    other.write_text(text.replace("online.db", "${FURROW_TEST_NAME}.db"))
    os.environ["FURROW_TEST_NAME"] = "elsewhere"
    try:
        assert apply(other) == ["goods"]
    finally:
        del os.environ["FURROW_TEST_NAME"]
    assert (home.settings.var / "features" / "elsewhere.db").is_file()
