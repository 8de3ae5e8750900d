"""Connections from variables: the same reading as Airflow's own, and no secret in any message."""

import json

import pytest

from furrow.adapters.environment_connections import EnvironmentConnections
from furrow.engine.ports import Connection
from furrow.errors import ConnectionMissing

SECRET = "p@ss/w:rd 한글#1"


def connection(value: str, connection_id: str = "vertex") -> Connection:
    return EnvironmentConnections({f"AIRFLOW_CONN_{connection_id.upper()}": value}).get(connection_id)


def test_a_json_connection_is_read_with_every_part() -> None:
    written = {
        "conn_type": "pydantic-ai",
        "host": "https://models.example:8443/v1",
        "port": "8443",
        "login": "me",
        "password": SECRET,
        "schema": "s",
        "extra": {"region": "asia", "n": 3},
    }
    got = connection(json.dumps(written))
    assert got == Connection(
        "vertex",
        "pydantic_ai",
        "https://models.example:8443/v1",
        8443,
        "me",
        SECRET,
        "s",
        {"region": "asia", "n": 3},
    )


def test_an_extra_written_as_a_string_of_json_is_read() -> None:
    got = connection(json.dumps({"conn_type": "kafka", "extra": '{"bootstrap.servers": "a:1,b:2"}'}))
    assert got.extra == {"bootstrap.servers": "a:1,b:2"}


URIS = {
    "everything": "http://me:p%40ss%2Fw%3Ard@host.example:8080/db?timeout=3&name=%ED%95%9C",
    "only a type": "kafka://",
    "host with a protocol": "http://https://me:pw@host.example:443/v1",
    "host with a protocol and no login": "openai://https://host.example/v1",
    "nested extra": "kafka:///?__extra__=%7B%22bootstrap.servers%22%3A+%22a%3A1%22%2C+%22n%22%3A+%7B%22m%22%3A+1%7D%7D",
    "type with hyphens": "google-cloud-platform:///?project=p",
    "postgresql": "postgresql://u:p@h/d",
    "only a port": "redis://@:6379",
    "no password": "mysql://root@localhost:3306/mydb",
    "upper case host": "http://HOST.Example/",
    "a host that is a path": "sqlite://%2Ftmp%2FSome%2Fdb.sqlite",
    "several hosts as one host": "mongo://a.example,b.example:27017/x",
    "empty extra value": "http://h/?flag=",
    "IPv6": "http://[::1]:8080/x",
    "percent in password": "http://u:100%25@h",
}


@pytest.mark.parametrize("uri", URIS.values(), ids=URIS.keys())
def test_a_uri_is_read_as_airflow_reads_it(uri: str) -> None:
    from airflow.sdk.definitions.connection import Connection as AirflowConnection

    theirs = AirflowConnection(conn_id="vertex", uri=uri)
    ours = connection(uri)
    assert (ours.type, ours.host, ours.port, ours.login, ours.password, ours.schema, ours.extra) == (
        theirs.conn_type or "",
        theirs.host or "",
        theirs.port,
        theirs.login or "",
        theirs.password or "",
        theirs.schema or "",
        json.loads(theirs.extra) if theirs.extra else {},
    )


def test_a_connection_that_is_not_defined_names_its_variable() -> None:
    with pytest.raises(ConnectionMissing, match="AIRFLOW_CONN_KAFKA_DEFAULT"):
        EnvironmentConnections({}).get("kafka_default")


BROKEN = {
    "broken JSON": f'{{"conn_type": "http", "password": "{SECRET}"',
    "broken extra": json.dumps({"conn_type": "http", "extra": f"{{{SECRET}"}),
    "extra is a list": json.dumps({"conn_type": "http", "extra": [SECRET]}),
    "no scheme": SECRET,
    "port is a word": f"http://u:{SECRET.replace('/', '')}@host:word/",
    "port of JSON is a word": json.dumps({"conn_type": "http", "port": SECRET}),
    "unclosed IPv6 bracket": "http://[secret",
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN.keys())
def test_a_connection_that_cannot_be_read_says_why_and_keeps_the_secret(value: str) -> None:
    with pytest.raises(ConnectionMissing) as caught:
        connection(value)
    error: BaseException | None = caught.value
    assert "AIRFLOW_CONN_VERTEX" in str(error)
    while error is not None:
        assert "w:rd" not in str(error)
        assert "secret" not in str(error).replace("AIRFLOW", "")
        error = error.__context__


def test_the_password_and_the_extra_are_in_no_repr() -> None:
    got = connection(json.dumps({"conn_type": "http", "password": SECRET, "extra": {"api_key": "k-123"}}))
    assert SECRET not in repr(got)
    assert "k-123" not in repr(got)
    assert SECRET not in repr(EnvironmentConnections({"AIRFLOW_CONN_X": SECRET}))
