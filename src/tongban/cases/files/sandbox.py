"""Starting the process that reads a file, and believing little of what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tongban.cases.files.kinds import MEDIA_TYPES, Facts, Fault, FileFault

SECONDS_MOST: Final = 20
COMMAND: Final = (sys.executable, "-I", "-m", "tongban.cases.files.worker")
# One thread: a library that starts more would need more memory than the worker has.
ENVIRONMENT: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"}


def _ask(*arguments: str) -> dict[str, Any]:
    """The worker's answer. Raises FileFault: its own, or TOO_HARD when it came to nothing."""
    try:
        done = subprocess.run(
            [*COMMAND, *arguments],
            capture_output=True,
            timeout=SECONDS_MOST,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        said = json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        said = None
    if not isinstance(said, dict):
        raise FileFault(Fault.TOO_HARD)
    if "fault" in said:
        raise FileFault(Fault(said["fault"]))
    return said


def facts_of(path: Path) -> Facts:
    """What a file really is. Raises FileFault for what is not taken. About 0.2 s."""
    said = _ask("facts", str(path))
    facts = Facts(str(said["media_type"]), int(said["pages"]))
    if facts.media_type not in MEDIA_TYPES:
        raise FileFault(Fault.TYPE)
    return facts


def draw_page(path: Path, media_type: str, page: int, width: int, out: Path) -> None:
    """Draw a page into `out` (WebP). Raises FileFault."""
    _ask("page", str(path), media_type, str(page), str(width), str(out))
