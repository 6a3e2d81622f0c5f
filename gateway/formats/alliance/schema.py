"""The packaged XSD, compiled once by libxml2."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from lxml import etree

from gateway.errors import FormatError
from gateway.formats.alliance.codes import INVALID

TRACK_MESSAGE = "track-message-1.0.xsd"


def schema_directory() -> Path:
    """Where the schemas are: inside the installed package, else at the root of the checkout."""
    packaged = Path(str(files("gateway") / "_schemas"))
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[3] / "schemas"


class Schema:
    """A compiled XSD; compiling happens at the first use and costs some milliseconds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._compiled: etree.XMLSchema | None = None

    def check(self, document: etree._Element) -> None:
        """Nothing, for a valid document. Raises `FormatError` (``ALM-010``) with the first offending element."""
        if self._compiled is None:
            self._compiled = etree.XMLSchema(file=str(self.path))
        if self._compiled.validate(document):
            return
        try:
            self._compiled.assertValid(document)
        except etree.DocumentInvalid as error:
            cause, _, line = str(error).rpartition(", line ")
            raise FormatError(INVALID, place=f"line {line}", cause=cause[:300]) from None


@lru_cache(maxsize=1)
def packaged_schema() -> Schema:
    """The one schema object of this process."""
    return Schema(schema_directory() / TRACK_MESSAGE)
