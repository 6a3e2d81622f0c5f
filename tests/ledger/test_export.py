from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import LedgerError
from gateway.ledger import codes, export, prove_index, sign_receipt, verify
from gateway.ledger.auditor import main
from tests.ledger.made import ORIGIN, START, checkpoint_of, digest, entries, files, mid, signer, write

KEY = signer().verifier

# Runs the exported verifier with every package of the gateway's environment but `cryptography` made unimportable.
ALONE = """
import runpy, sys
allowed = {"cryptography", "cffi", "_cffi_backend", "gateway", "_distutils_hack"}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in allowed:
            raise ImportError(f"the verifier must not need {name}")
sys.meta_path.insert(0, Refuse())
sys.argv = sys.argv[1:]
sys.path[0] = sys.argv[0].rpartition("/")[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def alone(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ALONE, str(directory / "verifier/verify.py"), *arguments],
        cwd=directory,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    source = write(tmp_path / "ledger", entries(600), at=(3, 520))
    (source / "tile/0/099").write_bytes(b"beyond")
    assert export(source, tmp_path / "copy", KEY) == 600
    return tmp_path / "copy"


def test_an_export_is_complete_and_holds_only_what_the_checkpoint_covers(exported: Path) -> None:
    report = verify(exported, KEY)
    assert (report.findings, report.beyond) == ([], 0)
    assert (exported / "vkey").read_text() == f"{KEY}\n"
    names = {name for name in files(exported) if not name.startswith("verifier/")}
    assert names >= {"README", "checkpoint", "policy", "tile/0/000", "tile/entries/002.p/88", "vkey"}
    assert "tile/0/099" not in names
    assert "600" in (exported / "README").read_text()


def test_the_exported_verifier_runs_with_cryptography_alone(exported: Path) -> None:
    done = alone(exported, ".")
    assert (done.returncode, done.stderr) == (
        0,
        "note: without --saved or --policy, history that was rewritten and re-signed is not seen\n",
    )
    assert done.stdout.startswith(f"{ORIGIN}, size 600, root ")
    (exported / "tile/0/001").write_bytes(b"")
    done = alone(exported, ".", "--key", str(KEY))
    assert done.returncode == 1
    assert "LED-010" in done.stderr
    assert "DOES NOT HOLD" in done.stdout


def test_an_export_never_overwrites(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        export(tmp_path / "ledger", exported, KEY)
    assert caught.value.code == codes.CANNOT_WRITE


def test_a_directory_without_a_ledger_cannot_be_exported(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        export(tmp_path, tmp_path / "copy", KEY)
    assert caught.value.code == codes.MISSING_FILE
    assert not (tmp_path / "copy").exists()


def test_the_auditors_command_compares_with_saved_checkpoints(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(checkpoint_of(entries(300)))
    bad.write_bytes(checkpoint_of([*entries(299), b"other"]))
    assert main([str(exported), "--saved", str(good), "--policy", str(exported / "policy")]) == 0
    assert main([str(exported), "--saved", str(good), "--saved", str(bad)]) == 1
    assert "LED-012" in capsys.readouterr().err


def test_the_auditors_command_verifies_a_proof(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = tmp_path / "proof"
    proof.write_bytes(prove_index(exported, KEY, 7))
    assert main(["--proof", str(proof), "--key", str(KEY)]) == 0
    assert '"seq":7' in capsys.readouterr().out
    proof.write_bytes(proof.read_bytes().replace(b"index 7", b"index 8"))
    assert main(["--proof", str(proof), "--key", str(KEY)]) == 1
    assert main(["--proof", str(proof)]) == 1


def test_the_auditors_command_measures_age(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limit = [str(exported), "--max-age-hours", "1", "--now"]
    assert main([*limit, "2026-11-22T08:30:00Z"]) == 0
    assert main([*limit, "2026-11-22T09:30:00Z"]) == 1
    assert "LED-016" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["d", "--proof", "p"], ["d", "--max-age-hours", "1"]])
def test_the_auditors_command_explains_its_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_the_exported_verifier_holds_the_node_to_its_receipts(exported: Path) -> None:
    def receipt(name: str, number: int, leaf: int) -> str:
        note = sign_receipt(
            signer(),
            node="nld",
            origin="deu",
            message_id=mid(number),
            sha256=digest(number),
            leaf_index=leaf,
            time=START,
        )
        (exported / name).write_bytes(note)
        return name

    kept, summary = receipt("kept", 7, 7), receipt("summary", 8, -1)
    done = alone(exported, ".", "--receipt", kept, "--receipt", summary)
    assert done.returncode == 0, done.stderr
    assert "receipts 2" in done.stdout
    for broken, cause in (
        (receipt("moved", 7, 8), "another entry stands there"),
        (receipt("beyond", 7, 600), "the checkpoint covers 600 leaves"),
    ):
        done = alone(exported, ".", "--receipt", kept, "--receipt", broken)
        assert done.returncode == 1
        assert "LED-014" in done.stderr
        assert cause in done.stderr
    (exported / "torn").write_bytes((exported / "kept").read_bytes().replace(b"leaf 7", b"leaf 9"))
    done = alone(exported, ".", "--receipt", "torn")
    assert done.returncode == 1
    assert "LED-00" in done.stderr
