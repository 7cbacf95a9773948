"""Look up the packages that Tongban runs on in lists of known faults.

    python tools/audit.py [REQUIREMENTS]

With TONGBAN_ADVISORIES (a folder, a .zip or one .json file of OSV documents, such as osv.dev's PyPI
`all.zip`) the packages are compared with it, without a network. Otherwise pip-audit asks PyPI.
Exit 0: nothing found, or nobody could be asked, which is said on stderr as NOT AUDITED; 1: a fault
is known; 2: the input can't be used.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements" / "base.txt"
TIMEOUT_SECONDS = 300
Advisory = dict[str, Any]


class Unusable(Exception):
    """Requirements or an export that can't be worked with; the message says why."""


@dataclass(frozen=True)
class Finding:
    package: str
    version: str
    advisory: str
    names: str
    fixed: str

    def __str__(self) -> str:
        mend = f"; mended in {self.fixed}" if self.fixed else "; no mended version is named"
        names = f" ({self.names})" if self.names else ""
        return f"{self.package} {self.version}: {self.advisory}{names}{mend}"


def pinned(path: Path) -> dict[str, Version]:
    """Name and version of every package of a requirements file, whatever its platform."""
    found: dict[str, Version] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.split("#")[0].strip().removesuffix("\\").strip()
        if not text or text.startswith("-"):
            continue
        try:
            wanted = Requirement(text)
            (exact,) = [one.version for one in wanted.specifier if one.operator == "=="]
            found[canonicalize_name(wanted.name)] = Version(exact)
        except (InvalidRequirement, InvalidVersion, ValueError):
            raise Unusable(f"{path}: {text!r} names no exact version") from None
    if not found:
        raise Unusable(f"{path} names no package")
    return found


# A local export


def _documents(export: Path) -> Iterator[tuple[str, bytes]]:
    if export.is_dir():
        for path in sorted(export.rglob("*.json")):
            yield str(path), path.read_bytes()
    elif zipfile.is_zipfile(export):
        with zipfile.ZipFile(export) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".json"):
                    yield name, archive.read(name)
    elif export.is_file():
        yield str(export), export.read_bytes()
    else:
        raise Unusable(f"{export} is not there")


def advisories(export: Path) -> Iterator[Advisory]:
    """The OSV documents about PyPI that were not withdrawn. Raises Unusable for a broken one."""
    for name, content in _documents(export):
        try:
            document = json.loads(content)
            if not document.get("withdrawn") and _about_pypi(document):
                yield document
        except (ValueError, AttributeError):
            raise Unusable(f"{export}: {name} is not an OSV document") from None


def _about_pypi(advisory: Advisory) -> list[dict[str, Any]]:
    return [
        one
        for one in advisory.get("affected", [])
        if str(one.get("package", {}).get("ecosystem", "")).split(":")[0] == "PyPI"
    ]


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def in_range(version: Version, events: Iterable[dict[str, str]]) -> bool:
    """Whether a version lies in an OSV range (https://ossf.github.io/osv-schema, evaluation).

    When in doubt, yes: a beginning that can't be read counts as the very first version, an end
    that can't be read is passed over.
    """
    first = Version("0.dev0")
    steps: list[tuple[Version, int, bool]] = []
    for event in events:
        for kind, text in event.items():
            at = _version(text)
            if kind == "introduced":
                steps.append((first if at is None or text == "0" else at, 2, True))
            elif kind == "fixed" and at is not None:
                steps.append((at, 1, False))
            elif kind == "last_affected" and at is not None:
                steps.append((at, 3, False))
    inside = False
    for at, order, opens in sorted(steps):
        if (version > at) if order == 3 else (version >= at):
            inside = opens
    return inside


def _hits(affected: dict[str, Any], version: Version) -> bool:
    if any(_version(text) == version for text in affected.get("versions", [])):
        return True
    return any(
        in_range(version, part.get("events", []))
        for part in affected.get("ranges", [])
        if part.get("type") in ("ECOSYSTEM", "SEMVER")
    )


def _fixes(affected: dict[str, Any]) -> str:
    ends = [
        event["fixed"]
        for part in affected.get("ranges", [])
        if part.get("type") != "GIT"
        for event in part.get("events", [])
        if "fixed" in event
    ]
    return " or ".join(dict.fromkeys(ends))


def match(packages: dict[str, Version], known: Iterable[Advisory]) -> tuple[list[Finding], int]:
    """What of the packages the advisories speak of, and how many advisories were read."""
    found: set[Finding] = set()
    read = 0
    for advisory in known:
        read += 1
        for affected in _about_pypi(advisory):
            name = canonicalize_name(affected["package"].get("name", ""))
            version = packages.get(name)
            if version is not None and _hits(affected, version):
                names = ", ".join(advisory.get("aliases", []))
                number = str(advisory.get("id", "?"))
                found.add(Finding(name, str(version), number, names, _fixes(affected)))
    return sorted(found, key=str), read


def audit_by_export(packages: dict[str, Version], export: Path) -> int:
    """Compare with a local export. Raises Unusable for one that says nothing about PyPI."""
    findings, read = match(packages, advisories(export))
    if not read:
        raise Unusable(f"{export} holds no advisory about PyPI")
    return _report(findings, f"{len(packages)} packages, {read} advisories of {export}")


# pip-audit


def _ask_pip_audit(requirements: Path) -> dict[str, Any] | None:
    """What pip-audit says about each package; None when it got no answer at all."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(requirements)]
    command += ["--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner=off"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        answer = json.loads(run.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def audit_by_pip_audit(requirements: Path) -> int:
    """Ask PyPI. A package that it knows nothing of is not a package without faults: it is named."""
    answer = _ask_pip_audit(requirements)
    packages = answer["dependencies"] if answer else []
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    if len(skipped) == len(packages):
        _warn("no advisory source answered for any package.")
        return 0
    if skipped:
        _warn(f"{len(skipped)} of {len(packages)} packages: {', '.join(skipped)}.")
    findings = [
        Finding(
            one["name"],
            one["version"],
            fault["id"],
            ", ".join(fault.get("aliases", [])),
            " or ".join(fault.get("fix_versions", [])),
        )
        for one in packages
        for fault in one.get("vulns", [])
    ]
    return _report(findings, f"{len(packages) - len(skipped)} packages, advisories of PyPI")


def _warn(what: str) -> None:
    print(
        f"NOT AUDITED: {what}\n"
        "NOT AUDITED: this is no sign that the packages are sound. Run it with a network, or set\n"
        "NOT AUDITED: TONGBAN_ADVISORIES to an export (osv.dev's PyPI all.zip).",
        file=sys.stderr,
    )


def _report(findings: list[Finding], against: str) -> int:
    for finding in findings:
        print(finding)
    print(f"{len(findings) or 'no'} known faults: {against}")
    return 1 if findings else 0


def main(arguments: list[str]) -> int:
    requirements = Path(arguments[0]) if arguments else REQUIREMENTS
    export = os.environ.get("TONGBAN_ADVISORIES", "")
    try:
        packages = pinned(requirements)
        if export:
            return audit_by_export(packages, Path(export))
        return audit_by_pip_audit(requirements)
    except (Unusable, OSError, zipfile.BadZipFile) as problem:
        print(f"audit: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
