"""`make audit` and `make sbom`, with a made-up export of advisories and no network."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.version import Version

from tools import audit

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = """\
good-package==1.2.0 \\
    --hash=sha256:00
Bad_Package[extra]==2.5.1 ; sys_platform == 'win32' \\
    --hash=sha256:00
"""


def advisory(number: str, name: str, *events: dict[str, str], **more: object) -> dict[str, object]:
    affected = {
        "package": {"ecosystem": "PyPI", "name": name},
        "ranges": [
            {"type": "GIT", "events": [{"introduced": "0"}]},
            {"type": "ECOSYSTEM", "events": list(events)},
        ],
    }
    return {"id": number, "affected": [affected], "aliases": ["CVE-2026-0001"], **more}


FAULT = advisory("TEST-1", "bad.package", {"introduced": "2.0"}, {"fixed": "2.6"})
OLD = advisory("TEST-2", "good-package", {"introduced": "0"}, {"fixed": "1.2.0"})


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Audit the made-up requirements against documents in a folder (or a zip of it)."""
    requirements = tmp_path / "base.txt"
    requirements.write_text(REQUIREMENTS, encoding="utf-8")
    export = tmp_path / "export"
    export.mkdir()

    def go(*documents: object, zipped: bool = False) -> tuple[int, str, str]:
        for place, document in enumerate(documents):
            text = document if isinstance(document, str) else json.dumps(document)
            (export / f"{place}.json").write_text(text, encoding="utf-8")
        path = export
        if zipped:
            path = tmp_path / "all.zip"
            with zipfile.ZipFile(path, "w") as archive:
                for file in export.iterdir():
                    archive.write(file, file.name)
        monkeypatch.setenv("TONGBAN_ADVISORIES", str(path))
        code = audit.main([str(requirements)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return go


@pytest.mark.parametrize("zipped", [False, True])
def test_a_known_fault_is_named_and_fails(run, zipped):
    code, out, _err = run(FAULT, OLD, zipped=zipped)
    assert code == 1
    assert out.splitlines() == [
        "bad-package 2.5.1: TEST-1 (CVE-2026-0001); mended in 2.6",
        out.splitlines()[-1],
    ]


def test_sound_packages_pass_and_the_source_is_named(run, tmp_path):
    code, out, err = run(OLD)
    assert (code, err) == (0, "")
    assert out == f"no known faults: 2 packages, 1 advisories of {tmp_path / 'export'}\n"


def test_a_withdrawn_advisory_and_another_ecosystem_say_nothing(run):
    other = json.loads(json.dumps(FAULT).replace("PyPI", "npm"))
    assert run(OLD, other, advisory("T", "bad-package", {"introduced": "0"}, withdrawn="x"))[0] == 0


def test_a_version_that_is_listed_is_affected(run):
    listed = advisory("TEST-3", "bad-package")
    listed["affected"][0]["versions"] = ["2.5.1.0"]  # type: ignore[index]
    code, out, _err = run(listed)
    assert code == 1
    assert "no mended version is named" in out


@pytest.mark.parametrize("documents", [(), ("{broken",), ("[]",)])
def test_an_export_that_says_nothing_is_no_all_clear(run, documents):
    code, out, err = run(*documents)
    assert code == 2
    assert out == ""
    assert err.startswith("audit: ")


def test_an_export_that_is_not_there_is_no_all_clear(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("TONGBAN_ADVISORIES", str(tmp_path / "nothing.zip"))
    assert audit.main([]) == 2
    assert "is not there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "events", "inside"),
    [
        ("1.0", [{"introduced": "0"}], True),
        ("1.0a1", [{"introduced": "0"}], True),
        ("1.0", [{"introduced": "0"}, {"fixed": "1.0"}], False),
        ("1.0rc1", [{"introduced": "0"}, {"fixed": "1.0"}], True),
        ("1.0", [{"introduced": "0"}, {"last_affected": "1.0"}], True),
        ("1.0.post1", [{"introduced": "0"}, {"last_affected": "1.0"}], False),
        (
            "1.5",
            [{"fixed": "2.1"}, {"introduced": "2.0"}, {"introduced": "0"}, {"fixed": "1.4"}],
            0,
        ),
        ("2.0", [{"introduced": "0"}, {"fixed": "1.4"}, {"introduced": "2.0"}], True),
        ("1.0", [{"introduced": "not a version"}, {"fixed": "also not"}], True),
        ("1.0", [], False),
    ],
)
def test_a_range_is_read_as_osv_says(version, events, inside):
    assert audit.in_range(Version(version), events) is bool(inside)


@pytest.mark.parametrize("line", ["django>=5", "django", "???", ""])
def test_requirements_without_exact_versions_are_refused(tmp_path, line):
    path = tmp_path / "base.txt"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(audit.Unusable):
        audit.pinned(path)


def test_every_requirement_of_ours_is_read():
    text = audit.REQUIREMENTS.read_text(encoding="utf-8")
    assert len(audit.pinned(audit.REQUIREMENTS)) == text.count("==") - text.count(" == ")


SKIPPED = {"name": "a", "skip_reason": "Dependency not found on PyPI and could not be audited"}
SOUND = {"name": "b", "version": "1", "vulns": []}
FAULTY = {"name": "c", "version": "1", "vulns": [{"id": "T-1", "fix_versions": ["2"]}]}


@pytest.mark.parametrize(
    ("answer", "code", "loud"),
    [
        (None, 0, True),
        ([], 0, True),
        ([SKIPPED], 0, True),
        ([SKIPPED, SOUND], 0, True),
        ([SKIPPED, FAULTY], 1, True),
        ([SOUND], 0, False),
        ([SOUND, FAULTY], 1, False),
    ],
)
def test_what_was_not_looked_up_is_said_loudly(monkeypatch, capsys, answer, code, loud):
    """pip-audit ends with 0 when a mirror knows no package: that is no all-clear."""
    monkeypatch.delenv("TONGBAN_ADVISORIES", raising=False)
    told = None if answer is None else {"dependencies": answer}
    monkeypatch.setattr(audit, "_ask_pip_audit", lambda path: told)
    assert audit.main([]) == code
    said = capsys.readouterr()
    assert said.err.startswith("NOT AUDITED: ") is loud
    assert ("T-1" in said.out) is (code == 1)


def test_no_answer_of_pip_audit_is_no_answer(monkeypatch):
    monkeypatch.setattr(
        audit.subprocess, "run", lambda *_a, **_k: subprocess.CompletedProcess([], 1, "", "offline")
    )
    assert audit._ask_pip_audit(audit.REQUIREMENTS) is None


def test_the_bill_of_materials_is_valid_and_names_every_package(tmp_path):
    target = tmp_path / "sbom.json"
    line = next(
        line.strip()
        for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
        if "cyclonedx-py" in line
    )
    words = line.replace("$(BIN)/cyclonedx-py", "").replace("build/sbom.json", str(target)).split()
    subprocess.run([Path(sys.executable).parent / "cyclonedx-py", *words], cwd=ROOT, check=True)
    document = json.loads(target.read_text(encoding="utf-8"))
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["name"] == "tongban"
    named = {one["name"]: one["version"] for one in document["components"]}
    ours = {name: str(version) for name, version in audit.pinned(audit.REQUIREMENTS).items()}
    assert named == ours
