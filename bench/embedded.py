"""Vectors of local-embed for a measurement: its server on a free port, asked by the adapter of a pipeline."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from bench.served import served
from furrow.adapters.language_model import open_model
from furrow.config.models import ModelsFile
from furrow.engine.ports import EMBED, Connection, Message, ModelRequest
from furrow.local import embedding_server, ports, weights

ALIAS = "local-embed"


@contextmanager
def embedder() -> Iterator[str]:
    """The server of local-embed: its address."""
    folder, port = str(weights.fetch([ALIAS])[ALIAS]), ports.choose(0)
    command, address = embedding_server.command(sys.executable, port), ports.address(port)
    with served(command, address, embedding_server.MODEL, embedding_server.environment(folder)):
        yield address


async def vectors_of(texts: Iterable[str], models: ModelsFile, address: str) -> list[bytes]:
    """The vector of each text, one after the other."""
    entry = models.models[ALIAS]
    connection = Connection(id="embed", type="pydanticai", host=f"http://{address}/v1", password="no-key")
    model = open_model(ALIAS, entry, connection)
    try:
        asked = [await model.ask(ModelRequest(ALIAS, entry.model, (Message(EMBED, text),))) for text in texts]
    finally:
        await model.close()
    return [base64.b64decode(answer.text) for answer in asked]
