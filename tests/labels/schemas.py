"""The schemas of labels, clearances and bindings as libxml2 compiles them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from lxml import etree

DIRECTORY = Path(__file__).parents[2] / "schemas"
LABEL_XSD = DIRECTORY / "confidentiality-label-1.0.xsd"
CLEARANCE_XSD = DIRECTORY / "confidentiality-clearance-1.0.xsd"
BINDING_XSD = DIRECTORY / "metadata-binding-1.0.xsd"


@lru_cache(maxsize=4)
def compiled(path: Path) -> etree.XMLSchema:
    """The compiled schema."""
    return etree.XMLSchema(file=str(path))


def valid(path: Path, document: bytes | etree._Element) -> bool:
    """Whether the document is valid by that schema."""
    return compiled(path).validate(etree.fromstring(document) if isinstance(document, bytes) else document)
