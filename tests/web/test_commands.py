"""The command line as a newcomer runs it: each command in a process and a data folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys

import pytest

from tongban.catalogue.services import PACKAGED_ITEMS
from tongban.directory.services.regions import PACKAGED

ID_CARD = "513A0011200068-511602000000-000-1151130000877869M-1-00"


class Shell:
    def __init__(self, home) -> None:
        self.home = home

    def __call__(
        self, *words: str, code: int = 0, **environment: str
    ) -> subprocess.CompletedProcess:
        surroundings = {
            key: value
            for key, value in os.environ.items()
            if key not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
        }
        done = subprocess.run(
            [sys.executable, "-m", "tongban.web.cli", *words],
            capture_output=True,
            text=True,
            env=surroundings | {"TONGBAN_HOME": str(self.home)} | environment,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def json(self, *words: str, **options):
        return json.loads(self(*words, "--json", **options).stdout)


@pytest.fixture(scope="module")
def demo(demonstration_home, tmp_path_factory) -> Shell:
    home = tmp_path_factory.mktemp("demo") / "home"
    shutil.copytree(demonstration_home, home)
    return Shell(home)


@pytest.fixture
def ready(migrated_home, tmp_path) -> Shell:
    """A database without rows; making one takes seconds."""
    shutil.copytree(migrated_home, tmp_path / "ready")
    return Shell(tmp_path / "ready")


@pytest.fixture
def empty(tmp_path) -> Shell:
    return Shell(tmp_path / "fresh")


@pytest.fixture
def copy(demo, tmp_path) -> Shell:
    """The demonstration, to be spoilt."""
    shutil.copytree(demo.home, tmp_path / "copy")
    return Shell(tmp_path / "copy")


def test_divisions_load_into_an_empty_database(ready):
    report = ready.json("load", "divisions", str(PACKAGED))
    assert set(report) == {"read", "created", "updated", "unchanged", "counts", "problems"}
    assert report["read"] == 44_703
    assert set(report["problems"][0]) == {"row", "column", "code", "detail"}


def test_items_load_into_an_empty_folder_and_are_found(empty):
    report = empty.json("load", "items", str(PACKAGED_ITEMS))
    assert (report["read"], report["created"]) == (925, 925)
    assert empty.json("load", "items", str(PACKAGED_ITEMS))["unchanged"] == 925
    assert empty.json("search", "身份证", "--region", "511602000000")["total"] > 3


@pytest.mark.parametrize("query", ["身份证", "sfz", "shenfenzheng", "ID card"])
def test_search_puts_the_id_card_first_in_the_documented_form(demo, query):
    document = demo.json("search", query, "--region", "511602000000")
    assert set(document) == {"query", "region", "total", "took_ms", "results"}
    assert set(document["results"][0]) == {"code", "name", "organ", "region", "score"}
    assert document["results"][0]["code"] == ID_CARD


def test_loading_the_demonstration_again_changes_nothing(demo):
    reports = demo.json("load", "demo")
    assert all(report["created"] == 0 for report in reports.values())


def test_the_ledger_verifies_and_names_a_tampered_entry(demo, copy):
    verdict = demo.json("ledger", "verify")
    assert verdict["ok"] is True
    assert verdict["entries"] > 5
    assert len(verdict["root"]) == 64
    with sqlite3.connect(copy.home / "tongban.sqlite3") as database:
        database.execute(
            "UPDATE ledger_entry SET leaf = replace(leaf, 'loaded', 'lOaded')"
            " WHERE id = (SELECT entry_id FROM ledger_place WHERE seq = 2)"
        )
    verdict = copy.json("ledger", "verify", code=1)
    assert verdict["ok"] is False
    assert verdict["entry"] == 2


def test_cases_are_what_their_events_add_up_to_and_a_tampered_one_is_named(demo, copy):
    assert demo.json("cases", "check") == {"cases": 12, "wrong": {}}
    assert demo.json("cases", "due") == {
        "accepted": 0,
        "lapsed": 0,
        "missed": 0,
        "reminded": 0,
        "elapsed": 0,
    }
    with sqlite3.connect(copy.home / "tongban.sqlite3") as database:
        number = database.execute(
            "SELECT number FROM cases_case WHERE state = 'paused'"
        ).fetchone()[0]
        database.execute("UPDATE cases_case SET due_on = '2030-01-01' WHERE number = ?", [number])
    assert number in copy("cases", "check", code=1).stdout


def test_the_checkpoint_prints_as_a_signed_note(demo):
    assert demo("ledger", "checkpoint").stdout.startswith("tongban.example/ledger\n")


def test_the_doctor_finds_nothing_unsafe_in_a_demonstration(demo):
    assert demo.json("doctor")["ok"] is True


def test_the_doctor_fails_on_an_unsafe_production(demo):
    document = demo.json("doctor", code=1, TONGBAN_ENV="production")
    assert any("demonstration" in line for line in document["unsafe"])


SAFE = {
    "TONGBAN_ENV": "production",
    "TONGBAN_HOSTS": "ban.example.gov.cn",
    "TONGBAN_LEDGER_ORIGIN": "ban.example.gov.cn/ledger",
    "TONGBAN_PROXIES": "1",
    "TONGBAN_SMS_URL": "https://sms.example.gov.cn/send",
    "TONGBAN_CLAMD": "127.0.0.1:3310",
}


def test_the_doctor_finds_a_safe_production_safe(ready):
    document = ready.json("doctor", "--security", **SAFE)
    assert document["unsafe"] == []
    assert any("breached-passwords" in line for line in document["advice"])


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("TONGBAN_ENV", "development", "TONGBAN_ENV"),
        ("TONGBAN_HOSTS", "localhost", "TONGBAN_HOSTS"),
        ("TONGBAN_HOSTS", "*", "TONGBAN_HOSTS"),
        ("TONGBAN_LEDGER_ORIGIN", "tongban.example/ledger", "TONGBAN_LEDGER_ORIGIN"),
        ("TONGBAN_PROXIES", "0", "TONGBAN_PROXIES"),
        ("TONGBAN_CLIENT_RATE", "0", "TONGBAN_CLIENT_RATE"),
        ("TONGBAN_SMS_URL", "", "TONGBAN_SMS_URL"),
    ],
)
def test_the_doctor_names_each_thing_that_is_unsafe(ready, name, value, word):
    document = ready.json("doctor", "--security", code=1, **SAFE | {name: value})
    assert any(word in line for line in document["unsafe"]), document["unsafe"]


def test_production_sends_no_codes_in_the_open(empty):
    address = {"TONGBAN_SMS_URL": "http://sms.example.gov.cn/send"}
    assert "https" in empty("doctor", code=1, **SAFE | address).stderr


def test_the_doctor_notices_open_key_files_and_lost_keys(copy):
    keys = copy.home / "keys"
    (keys / "data-keys.json").chmod(0o644)
    document = copy.json("doctor", code=1)
    assert any("chmod 600" in line for line in document["unsafe"])
    (keys / "data-keys.json").unlink()
    document = copy.json("doctor", code=1)
    assert any("don't open what is stored" in line for line in document["unsafe"])


def test_data_keys_are_rotated_and_listed(copy):
    before = copy.json("keys", "list")["keys"]
    done = copy.json("keys", "rotate", "--algorithm", "sm4-gcm")
    assert done["resealed"] > 4
    rows = copy.json("keys", "list")["keys"]
    assert [row["use"] for row in rows] == ["retired", "seals"]
    assert rows[0]["id"] == before[0]["id"]
    assert rows[1]["algorithm"] == "sm4-gcm"
    assert "secret" not in rows[1]
    assert copy.json("ledger", "verify")["ok"] is True
    assert copy("keys", "rotate", "--algorithm", "rot13", code=2)


def test_production_refuses_demonstration_data(empty):
    refused = empty("load", "demo", code=1, TONGBAN_ENV="production")
    assert "production" in refused.stderr


def test_retention_shows_what_is_due_and_does_it_when_told(ready):
    message = ready.home / "outbox" / "sms-1.txt"
    message.parent.mkdir()
    message.write_text("13800000000\n123456\n")
    os.utime(message, (0, 0))
    shown = ready("retention")
    assert "outbox" in shown.stdout
    assert "oldest 1970-01-01" in shown.stdout
    assert "--apply" in shown.stderr
    due = ready.json("retention")
    assert set(due) == {"day", "applied", "rules"}
    row = next(rule for rule in due["rules"] if rule["kind"] == "outbox")
    assert (row["due"], row["done"], row["oldest"]) == (1, 0, "1970-01-01")
    assert message.exists()
    done = ready.json("retention", "--apply")
    assert sum(rule["done"] for rule in done["rules"]) == 1
    assert not message.exists()
    assert "outbox" in ready("retention", "--apply").stdout
    # One of the act, one that announces the key of the log.
    assert ready("ledger", "checkpoint").stdout.splitlines()[1] == "2"


BACK = "https://hr.example.gov.cn/back"
REGISTER = ["openid", "register", "--name", "考勤", "--redirect-uri", BACK]


def test_a_system_is_registered_and_its_secret_shown_once(ready):
    words = [*REGISTER, "--scope", "posts", "--logout-uri", "https://hr.example.gov.cn/left"]
    made = ready.json(*words)
    secret = made.pop("client_secret")
    assert len(secret) == 128
    assert made["scopes"] == ["openid", "posts"]
    assert ready.json("openid", "clients") == [made]
    assert made["client_id"] in ready("openid", "clients").stdout
    assert secret not in ready("openid", "clients").stdout
    shown = ready(*REGISTER)
    assert "client secret" in shown.stdout
    assert "not kept" in shown.stderr
    assert "sign-ins deleted" in ready("openid", "clean").stdout
    # Two of the act, one that announces the key of the log.
    assert ready("ledger", "checkpoint").stdout.splitlines()[1] == "3"


def test_keys_are_rotated_and_older_ones_stay_published(ready):
    first = ready.json("openid", "rotate-key")
    second = ready.json("openid", "rotate-key")
    assert first["older"] == []
    assert second["older"] == [first["active"]]
    assert "published" in ready("openid", "rotate-key").stdout


def test_production_with_systems_asks_for_an_issuer(ready):
    ready(*REGISTER)
    said = " ".join(ready.json("doctor", code=1, TONGBAN_ENV="production")["unsafe"])
    assert "TONGBAN_ISSUER" in said
    there = {"TONGBAN_ENV": "production", "TONGBAN_ISSUER": "https://ban.example.gov.cn"}
    said = " ".join(ready.json("doctor", code=1, **there)["unsafe"])
    assert "TONGBAN_ISSUER" not in said


def test_production_registers_no_plain_http(ready):
    words = ["openid", "register", "--name", "x", "--redirect-uri", "http://127.0.0.1:9000/back"]
    assert "client secret" in ready(*words).stdout
    assert "can't be registered" in ready(*words, code=1, TONGBAN_ENV="production").stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([*REGISTER, "--scope", "everything"], 1, "There is no such scope"),
        (["openid", "register", "--name", "x", "--redirect-uri", "http://a.b/c"], 1, "can't be"),
        (["openid", "register", "--name", "x"], 2, "--redirect-uri"),
        (["search", "x", "--region", "999999"], 1, "Unknown region"),
        (["load", "items", "/nowhere.csv"], 2, "does not exist"),
        (["load", "divisions", "/"], 1, "provinces.csv"),
        (["nonsense"], 2, "No such command"),
        (["load", "calendar", __file__, "--source", "x"], 1, "column"),
    ],
)
def test_a_mistake_is_one_clear_line_and_no_traceback(demo, words, code, said):
    done = demo(*words, code=code)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TONGBAN_ENV", "staging", "TONGBAN_ENV"),
        ("TONGBAN_PORT", "http", "TONGBAN_PORT"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL"),
        ("DATABASE_URL", "postgresql://x@127.0.0.1:1/none", "Connection refused"),
        ("TONGBAN_HOME", "/proc/nowhere", "TONGBAN_HOME"),
        ("TONGBAN_ISSUER", "ban.example.gov.cn", "TONGBAN_ISSUER"),
        ("TONGBAN_ISSUER", "http://ban.example.gov.cn", "TONGBAN_ISSUER"),
        ("TONGBAN_ISSUER", "https://ban.example.gov.cn/", "TONGBAN_ISSUER"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named(empty, name, value, said):
    done = empty("doctor", code=1, **{name: value})
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_serving_an_empty_folder_says_what_to_do(empty):
    assert "tongban migrate" in empty("serve", code=1).stderr


def test_a_port_in_use_is_named(demo):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = demo("serve", "--port", str(other.getsockname()[1]), code=1)
    assert "TONGBAN_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_items_are_put_on_their_shelves_anew(ready):
    assert ready.json("items", "shelve") == {"items": 0}
    assert "shelves" in ready("items", "shelve").stdout


def test_search_without_an_index_says_what_to_do(ready):
    assert "load" in ready("search", "x", code=1).stderr


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["serve"],
        ["load"],
        ["load", "items"],
        ["search"],
        ["ledger", "verify"],
        ["doctor"],
        ["retention"],
        ["openid"],
        ["openid", "register"],
    ],
)
def test_every_command_has_help(empty, words):
    assert "Usage" in empty(*words, "--help").stdout


def test_items_travel_from_one_installation_to_another(demo, ready, tmp_path):
    sent, back = tmp_path / "sent.jsonl", tmp_path / "back.jsonl"
    demo("items", "export", "--format", "jsonl", "--region", "511602", "--out", str(sent))
    assert sent.read_text(encoding="utf-8").count("\n") == 926
    report = ready.json("items", "import", str(sent))
    assert report["created"] == 926
    ready("items", "export", "--format", "jsonl", "--out", str(back))
    assert back.read_bytes() == sent.read_bytes()
    assert ready("search", "身份证").stdout
    sent.write_text("code,name\n1234-a,甲\n1234-a,乙\n", encoding="utf-8")
    refused = ready("items", "import", str(sent.rename(tmp_path / "x.csv")), code=1)
    assert "code_twice" in refused.stdout
    assert "Nothing was imported" in refused.stderr
