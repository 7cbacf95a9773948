"""Settings of the tests: the product's own, with a throw-away home and quick passwords."""

import os
import tempfile

os.environ["TONGBAN_HOME"] = tempfile.mkdtemp(prefix="tongban-test-")
os.environ["TONGBAN_ENV"] = "development"

from tongban.web.settings import *  # noqa: F403
from tongban.web.settings import DATABASES, STORAGES
from tongban.web.translations import compile_translations

compile_translations()
os.makedirs(os.path.join(os.environ["TONGBAN_HOME"], "static"), exist_ok=True)

# All tests are one client.
TONGBAN_CLIENT_RATE = 0
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "tongban.web.openid.hashing.RandomSecretHasher",
]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A file, not memory: threads of one test share it, and WAL and locks are those of production.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {
        "NAME": os.path.join(os.environ["TONGBAN_HOME"], "test.sqlite3")
    }
    # The tests' database is thrown away: it need not survive a power cut.
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON"
    )
