"""`make bench`: what the product costs against the bare engine below it, in the same run.

Figures are for reading, never for failing a test. Every line names its baseline and gives a ratio.
`python -m bench ledger` runs one part.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile


def main() -> None:
    home = tempfile.mkdtemp(prefix="tongban-bench-")
    os.environ["TONGBAN_HOME"] = home
    os.environ.pop("DATABASE_URL", None)
    # One client asks as fast as it can: that is what is measured here.
    os.environ["TONGBAN_CLIENT_RATE"] = "0"
    from tongban.web.cli import set_up

    set_up(migrate=True)
    try:
        from bench import (
            country,
            indices,
            ledger,
            lint,
            live,
            pages,
            people,
            procedures,
            relevance,
            search,
            submit,
            workbench,
        )
        from tongban.web.demonstration import load_demonstration

        load_demonstration()
        print(f"on {os.cpu_count()} cores, SQLite in {home}\n")
        parts = {
            "search": search.run,
            "submit": submit.run,
            "pages": pages.run,
            "ledger": ledger.run,
            "people": people.run,
            "indices": indices.run,
            "lint": lint.run,
            "live": live.run,
            "procedures": procedures.run,
            "workbench": workbench.run,
            # Last: it imports a second catalogue.
            "relevance": relevance.run,
        }
        # A million items take minutes.
        only_when_asked = {"country": country.run}
        for name in sys.argv[1:] or parts:
            (parts | only_when_asked)[name]()
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
