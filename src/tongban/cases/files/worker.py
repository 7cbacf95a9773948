"""The process that reads strangers' files: `facts FILE` or `page FILE TYPE PAGE WIDTH OUT`.

It gives itself little memory and time before it looks at anything; whatever happens to it, happens
to it alone. Answers one JSON document: facts, or `{"fault": …}`.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from tongban.cases.files.kinds import FileFault

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 10
WRITTEN_BYTES = 32 * 1024 * 1024


def shut_in() -> None:
    """Limits that the process can't lift again."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, WRITTEN_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def answer(arguments: list[str]) -> dict[str, object]:
    # After the limits: importing the libraries is cheap, what they are fed may not be.
    from tongban.cases.files.drawing import draw_page
    from tongban.cases.files.reading import facts_of

    try:
        match arguments:
            case ["facts", file]:
                return facts_of(Path(file)).as_json()
            case ["page", file, media_type, page, width, out]:
                draw_page(Path(file), media_type, int(page), int(width), Path(out))
                return {}
    except FileFault as problem:
        return {"fault": problem.fault.value}
    raise SystemExit(2)


if __name__ == "__main__":
    shut_in()
    sys.stdout.write(json.dumps(answer(sys.argv[1:])))
