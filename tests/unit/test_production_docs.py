"""What the documents say about the deployment: examples open, files are there, dependencies are explained."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.adapters.kafka import consumer_config
from furrow.config.models import ModelsFile
from furrow.config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
MODELS = ModelsFile.model_validate(
    yaml.safe_load("\n".join(re.findall(r"^```yaml\n(models:.*?)^```", TEXT, re.MULTILINE | re.DOTALL)))
).models
VARIABLES = dict(
    shlex.split(line)[0].split("=", 1)
    for line in re.findall(r"^(?:AIRFLOW|FURROW)_\w+='.*$", TEXT, re.MULTILINE)
)


@pytest.mark.parametrize("alias", MODELS)
async def test_every_model_of_the_page_opens_with_its_connection(alias: str) -> None:
    from furrow.adapters.language_model import open_model

    entry = MODELS[alias]
    model = open_model(alias, entry, EnvironmentConnections(VARIABLES).get(entry.connection))
    await model.close()


def test_the_kafka_connection_of_the_page_is_a_client_configuration() -> None:
    connection = EnvironmentConnections(VARIABLES).get("kafka_default")
    config = consumer_config(connection, "furrow.used_goods")
    assert config["bootstrap.servers"] == "broker-1:9093,broker-2:9093"
    assert config["sasl.mechanism"] == "SCRAM-SHA-512"
    assert config["group.id"] == "furrow.used_goods"


def test_the_settings_of_the_page_are_read() -> None:
    settings = Settings.from_environment(VARIABLES)
    assert settings.database == VARIABLES["FURROW_DB"]
    assert settings.store == VARIABLES["FURROW_STORE"]


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:include|prompts|docs)/[\w./-]+|[\w.-]+\.yaml|Dockerfile|\.env\.example)`", TEXT)
    outside = {"pipeline.yaml", "production.yaml"}
    assert len(named) > 5
    assert [name for name in named if name not in outside and not (ROOT / name).exists()] == []


def test_every_dependency_is_explained() -> None:
    page = (ROOT / "docs" / "adr" / "0002-dependencies.md").read_text(encoding="utf-8")
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    names = [re.split(r"[\[<>=;!~ ]", line)[0] for line in lines if line and not line.startswith("#")]
    words = set(re.findall(r"[\w-]+", page))
    assert len(names) > 20
    assert [name for name in names if name.removeprefix("apache-airflow-providers-") not in words] == []
