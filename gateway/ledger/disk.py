"""Writes the ledger's files so that a crash leaves the old file or the new one, never half of it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.ledger.tiles import WIDTH, File, TilePath

CHECKPOINT = "checkpoint"
_STAGING = ".staging"


class Disk:
    """One ledger's directory. One writer; readers may copy it at any time."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._known: set[Path] = set()
        """Directories that are on disk, entry in the parent included."""

    def prepare(self) -> None:
        """Make the directory and drop what a crash left half-written. `LedgerError` LED-018 when it cannot be."""
        with _converted(self.directory):
            self._make(self.directory)
            shutil.rmtree(self.directory / _STAGING, ignore_errors=True)
            self._make(self.directory / _STAGING)

    def write(self, files: Iterable[File]) -> None:
        """Write bundles and tiles in order; all of them are on disk when it returns."""
        touched = {self._put(str(file.tile), file.octets) for file in files}
        for directory in sorted(touched):
            with _converted(directory):
                _sync(directory)

    def publish(self, note: bytes) -> None:
        """Replace the checkpoint; afterwards readers see the tree that it covers."""
        directory = self._put(CHECKPOINT, note)
        with _converted(directory):
            _sync(directory)

    def holds(self, file: File) -> bool:
        """Whether the file is there with the right length (what it holds is for `verify` to say)."""
        with contextlib.suppress(OSError):
            return (self.directory / str(file.tile)).stat().st_size == len(file.octets)
        return False

    def drop_partials(self, full: Iterable[TilePath]) -> None:
        """Remove the narrower versions of tiles that are published full; C2SP lets readers fall back to those.

        Failures are ignored: a file too many harms nobody.
        """
        for tile in full:
            if tile.width == WIDTH:
                shutil.rmtree(self.directory / f"{tile}.p", ignore_errors=True)

    def _put(self, name: str, octets: bytes) -> Path:
        target = self.directory / name
        staged = self.directory / _STAGING / "next"
        with _converted(target):
            self._make(target.parent)
            handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            try:
                rest = memoryview(octets)
                while rest:
                    rest = rest[os.write(handle, rest) :]
                os.fsync(handle)
            finally:
                os.close(handle)
            os.rename(staged, target)  # noqa: PTH104 - the fault sweep counts system calls
        return target.parent

    def _make(self, directory: Path) -> None:
        """Make a directory, its parents first, each durable in its own parent."""
        if directory in self._known:
            return
        if not directory.is_dir():
            self._make(directory.parent)
            with contextlib.suppress(FileExistsError):
                os.mkdir(directory)  # noqa: PTH102 - as above
            _sync(directory.parent)
        self._known.add(directory)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _converted(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(codes.CANNOT_WRITE, place=str(place), cause=error.strerror or "") from error
