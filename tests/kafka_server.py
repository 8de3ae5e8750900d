"""Apache Kafka for tests: its jars from Maven Central, got once, and a broker of one node in KRaft mode.

The jars are kept beside the model files, under `FURROW_CACHE` or `~/.cache/furrow`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from filelock import FileLock

from furrow.local import ports, weights

KAFKA, LOG4J, PLUGIN = "4.4.0", "2.25.4", "3.8.1"
LARGEST_MESSAGE = 12 * 1024 * 1024
SHORTEST_SESSION = 1.0
_JAVA = 17
_DOWNLOAD_SECONDS = 540
_CLUSTER = "RnVycm93VGVzdHNLYWZrYQ"
_JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>furrow.tests</groupId><artifactId>kafka</artifactId><version>{KAFKA}</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{KAFKA}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
      <version>{LOG4J}</version>
    </dependency>
  </dependencies>
</project>
"""

_LOGGING = """status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c: %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""

_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "message.max.bytes": str(LARGEST_MESSAGE),
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": str(round(SHORTEST_SESSION * 1000)),
}


class NotInstallable(Exception):
    """Apache Kafka cannot be had or run here; the text says why."""


def command(folder: Path, port: int) -> list[str]:
    """The command line of a broker on 127.0.0.1 that keeps its files in the new folder `folder`.

    Formats the folder. Raises NotInstallable.
    """
    jars = installed()
    folder.mkdir(parents=True)
    settings, logging = folder / "server.properties", folder / "log4j2.properties"
    settings.write_text(_properties(folder, port))
    logging.write_text(_LOGGING)
    java = [_java(), *_JVM, f"-Dlog4j2.configurationFile={logging}", "-cp", f"{jars}/*"]
    make = ["kafka.tools.StorageTool", "format", "--standalone", "-t", _CLUSTER, "-c", str(settings)]
    subprocess.run([*java, *make], check=True, capture_output=True, timeout=120)
    return [*java, "kafka.Kafka", str(settings)]


def _properties(folder: Path, port: int) -> str:
    controller = ports.address(ports.choose(0, taken={port}))
    places = {
        "listeners": f"PLAINTEXT://{ports.address(port)},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{ports.address(port)}",
        "controller.quorum.bootstrap.servers": controller,
        "log.dirs": str(folder / "log"),
    }
    return "".join(f"{name}={value}\n" for name, value in {**_SETTINGS, **places}.items())


def installed() -> Path:
    """The folder of the jars, filled once: one process does it, others wait for it. Raises NotInstallable."""
    _java()
    folder = weights.cache().parent / "kafka" / KAFKA
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        jars, draft = folder / "jars", folder / "draft"
        if not jars.exists():
            shutil.rmtree(draft, ignore_errors=True)
            _download(folder, draft)
            draft.rename(jars)
    return jars


def _download(folder: Path, target: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NotInstallable("Maven (mvn) is not installed, which downloads it")
    (folder / "pom.xml").write_text(_POM)
    copy = f"org.apache.maven.plugins:maven-dependency-plugin:{PLUGIN}:copy-dependencies"
    where = [f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
    options = ["-q", "-B", "--strict-checksums", "-Dstyle.color=never", "-f", str(folder / "pom.xml")]
    try:
        subprocess.run(
            [maven, *options, copy, *where],
            check=True,
            capture_output=True,
            text=True,
            timeout=_DOWNLOAD_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstallable(f"Maven Central gave no Kafka {KAFKA} in {_DOWNLOAD_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        said = (error.stdout + error.stderr).strip().splitlines() or ["it said nothing"]
        raise NotInstallable(
            f"Maven could not download Kafka {KAFKA}: {said[0].partition(' -> ')[0][:300]}"
        ) from error


@cache
def _java() -> str:
    """The java command. Raises NotInstallable when there is none or it is too old."""
    java = shutil.which("java")
    if java is None:
        raise NotInstallable(f"Java {_JAVA} or newer is not installed")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < _JAVA:
        raise NotInstallable(f"it needs Java {_JAVA} or newer, and {java} is {said.splitlines()[:1]}")
    return java
