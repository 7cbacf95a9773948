"""Fail when the models and the migrations differ."""

from __future__ import annotations

import os
import sys
import tempfile

import django
from django.core.management import call_command

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["TONGBAN_HOME"] = home
        os.environ.pop("DATABASE_URL", None)
        os.environ["DJANGO_SETTINGS_MODULE"] = "tongban.web.settings"
        django.setup()
        try:
            call_command("makemigrations", check=True, dry_run=True, verbosity=1)
        except SystemExit as stop:
            sys.exit(stop.code)
