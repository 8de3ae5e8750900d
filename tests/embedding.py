"""A model of the catalogue that embeds, and vectors as it answers them."""

from __future__ import annotations

from base64 import b64encode
from struct import pack

EMBEDDER = """\
  embedder:
    model: openai-chat:embedder
    connection: models
    capabilities: {embeddings: true}
    price: {input_usd_per_million: 1, output_usd_per_million: 0}
"""
"""To be added to the models.yaml of `tests.folders`."""


def vector(*values: float) -> str:
    """Base64 of little-endian 32-bit floats."""
    return b64encode(pack(f"<{len(values)}f", *values)).decode()
