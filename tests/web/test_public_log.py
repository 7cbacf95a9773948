"""The public pages of the log: at a glance, entry by entry, and the check of a receipt."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.conftest import AT, ID_NUMBERS
from tongban.base.checkpoints import checkpoint_text
from tongban.base.merkle import leaf_hash
from tongban.base.note_keys import LOG_SIGNERS, WITNESS_SIGNERS, new_secret
from tongban.base.notes import Signature, sign_note
from tongban.cases import own_acts
from tongban.cases.services import handling
from tongban.ledger import acts, key_acts
from tongban.ledger.integrating import integrate
from tongban.ledger.models import Checkpoint, Cosignature, Entry, LogKey, Place
from tongban.ledger.receipts import FORMAT, Proof, receipt_of
from tongban.ledger.rules import seal, split_opening
from tongban.ledger.services import record
from tongban.ledger.tallying import tally
from tongban.ledger.wording import FAILED, STEPS
from tongban.web.public_log import checking, views
from tongban.web.public_log.plots import days_plot, share

ENGLISH = {"tongban_language": "en"}


@pytest.fixture(autouse=True)
def home(own_home, calendar):
    return own_home


@pytest.fixture
def log(world):
    """A log with a decided case in it, and the receipt of the decision."""
    world.case = world.make_case("approved")
    integrate(at=AT)
    tally()
    world.seq = Place.objects.get(entry__leaf__contains=acts.CASE_DECIDED).seq
    act = own_acts.own_act(world.resident, world.seq)
    world.receipt = own_acts.receipt(world.resident, act)
    return world


def as_bytes(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def check(content: bytes, client: Client | None = None, **more) -> str:
    upload = SimpleUploadedFile("receipt.json", content, "application/json")
    answer = (client or Client()).post("/verify/", {"receipt": upload, **more})
    assert answer.status_code == 200
    return answer.content.decode()


def in_english() -> Client:
    client = Client()
    client.cookies.load(ENGLISH)
    return client


# Checking a receipt


def test_a_good_receipt_is_explained_in_chinese_and_in_english(log):
    page = check(as_bytes(log.receipt))
    for words in (
        "回执通过核验",
        "作出决定",
        "区公安分局",
        "材料齐全",
        "操作人账号",
        log.item.name,
    ):
        assert words in page, words
    assert "本网站的密钥" in page
    assert "还没有见证方为这个检查点签名" in page
    assert page.count("checks__one--ok") == len(STEPS)
    page = check(as_bytes(log.receipt), in_english())
    for words in (
        "The receipt holds",
        "case decided",
        "What it does not prove",
        "key of this site",
    ):
        assert words in page, words


def test_a_pasted_receipt_is_checked_too(log):
    answer = Client().post("/verify/", {"text": as_bytes(log.receipt).decode()})
    assert "回执通过核验" in answer.content.decode()


def changed(receipt: dict, name: str) -> dict:
    """The receipt with one letter changed in one of its parts."""
    document = dict(receipt)
    if name == "leaf":
        document["leaf"] = document["leaf"].replace('"act":"case.decided"', '"act":"case.decidee"')
    elif name == "payload":
        document["payload"] = document["payload"].replace("材料齐全", "材料不全")
    elif name == "salt":
        document["salt"] = ("0" if document["salt"][0] != "0" else "1") + document["salt"][1:]
    elif name == "index":
        document["proof"] = document["proof"].replace("index ", "index 1", 1)
    elif name == "root":
        head, _, tail = document["proof"].rpartition("\n\n")
        lines = head.split("\n")
        lines[-1] = ("A" if lines[-1][0] != "A" else "B") + lines[-1][1:]
        document["proof"] = "\n".join(lines) + "\n\n" + tail
    elif name == "cut":
        del document["proof"]
    elif name == "format":
        document["format"] = "receipt/0"
    assert document != receipt
    return document


@pytest.mark.parametrize(
    ("part", "step"),
    [
        ("payload", "opening"),
        ("salt", "opening"),
        ("root", "signature"),
        ("index", "inclusion"),
        ("cut", "format"),
        ("format", "format"),
    ],
)
def test_one_changed_letter_is_refused_at_the_step_that_sees_it(log, part, step):
    page = check(as_bytes(changed(log.receipt, part)), in_english())
    assert "The receipt does not hold" in page
    verdict = checking.verdict_on(as_bytes(changed(log.receipt, part)))
    assert verdict.failed.name == step
    names = list(STEPS)
    for one in verdict.steps:
        wanted = "ok" if names.index(one.name) < names.index(step) else "not_checked"
        assert one.state == ("failed" if one.name == step else wanted)
    assert "材料" not in page, "nothing of what a bad receipt claims is shown"


def test_a_changed_leaf_opens_no_more_or_stands_nowhere(log):
    verdict = checking.verdict_on(as_bytes(changed(log.receipt, "leaf")))
    assert verdict.failed.name == "inclusion"


def test_every_step_has_words_for_its_failure():
    assert set(FAILED) == set(STEPS)


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"null", b'"x"', b"\x00\xff", b"[" * 100_000, b'{"format": 3}', b"{}" * 10],
)
def test_what_is_no_receipt_is_told_so(log, content):
    page = check(content, in_english())
    assert "The receipt does not hold" in page
    assert "The file is no receipt" in page


def test_the_pdf_and_the_file_of_many_receipts_are_told_apart(log):
    assert "attached inside" in check(b"%PDF-1.7 ...", in_english())
    many = own_acts.all_receipts(log.resident)
    assert "many receipts" in check(as_bytes(many), in_english())


def test_too_large_empty_and_greedy_files_are_refused_before_they_cost_anything(log):
    assert "at most 2 MB" in check(b" " * 2_000_001, in_english())
    assert "Choose a file" in check(b"", in_english())
    assert "Choose a file" in in_english().post("/verify/", {}).content.decode()
    keys = [f"x{number}+00000000+AA==" for number in range(checking.KEYS_MOST + 1)]
    assert "more keys" in check(as_bytes(log.receipt | {"keys": keys}), in_english())
    line = log.receipt["proof"].splitlines(keepends=True)[-1]
    many = log.receipt["proof"] + line * checking.KEYS_MOST
    assert "more signatures" in check(as_bytes(log.receipt | {"proof": many}), in_english())


def test_the_form_wants_its_token(log):
    client = Client(enforce_csrf_checks=True)
    assert client.post("/verify/", {"text": "{}"}).status_code == 403


def test_markup_in_a_receipt_is_shown_and_not_run(log):
    page = check(as_bytes(foreign("<script>alert(1)</script>")), in_english())
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_nothing_that_is_handed_in_is_kept(log, tmp_path, settings):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    (tmp_path / "uploads").mkdir()
    counts = {model: model.objects.count() for model in (Entry, Checkpoint, Place, LogKey)}
    with CaptureQueriesContext(connection) as seen:
        check(as_bytes(log.receipt))
    assert not [one["sql"] for one in seen if not one["sql"].startswith("SELECT")]
    assert list((tmp_path / "uploads").iterdir()) == []
    assert counts == {model: model.objects.count() for model in counts}


def test_a_receipt_without_its_content_holds_and_says_what_is_missing(log):
    page = check(as_bytes(log.receipt | {"salt": None, "payload": None}), in_english())
    assert "The receipt holds" in page
    assert "left out" in page
    assert "What was sealed with it is not part of this receipt." in page


def test_an_older_receipt_holds_when_the_log_has_grown(log):
    for day in range(1, 30):
        handling.open_case(log.clerk, log.case.number, at=AT + timedelta(days=day))
        integrate(at=AT)
    assert "The receipt holds" in check(as_bytes(log.receipt), in_english())


# Other logs


def foreign(name: str = "other.example/log", secret: bytes | None = None) -> dict[str, object]:
    """A receipt of another government's log of one entry."""
    signer = LOG_SIGNERS["ed25519"]("other.example/log", secret or new_secret())
    sealed = seal(
        act=acts.CASE_DECIDED, at=AT, organ="o1", region="", item="", case_ref="",
        payload={"number": name, "act": "approve", "by": "x", "reasons": "y"}, salt=bytes(32),
    )  # fmt: skip
    note = sign_note(checkpoint_text("other.example/log", 1, sealed.leaf_hash), [signer])
    opening = split_opening(sealed.opening)
    return receipt_of(sealed.leaf, opening, Proof(0, (), note), [signer.verifier().vkey])


def test_a_receipt_of_another_government_is_checked_by_the_keys_it_names_and_told_so(log):
    page = check(as_bytes(foreign()), in_english())
    assert "by the keys that it names itself" in page
    assert "anybody could have made both" in page
    assert "The receipt holds" not in page
    assert "key of this site" not in page
    assert "区公安分局" not in page, "codes of others are not looked up in our tables"


def test_a_foreign_receipt_whose_keys_did_not_sign_is_refused(log):
    document = foreign()
    other = LOG_SIGNERS["ed25519"]("other.example/log", new_secret())
    document["keys"] = [other.verifier().vkey]
    verdict = checking.verdict_on(as_bytes(document))
    assert verdict.failed.name == "signature"


def forged_as_ours(secret: bytes) -> dict[str, object]:
    name = LogKey.objects.first().origin
    signer = LOG_SIGNERS["ed25519"](name, secret)
    digest = leaf_hash(b"x")
    note = sign_note(checkpoint_text(name, 1, digest), [signer])
    return {
        "format": FORMAT,
        "leaf": foreign()["leaf"],
        "salt": None,
        "payload": None,
        "proof": Proof(0, (), note).as_text(),
        "keys": [signer.verifier().vkey],
    }


def test_a_receipt_in_our_name_by_a_key_of_its_own_is_refused(log):
    verdict = checking.verdict_on(as_bytes(forged_as_ours(new_secret())))
    assert verdict.failed.name == "signature"
    assert not verdict.foreign


def test_a_log_that_forgot_what_it_signed_is_told_loudly(log):
    """As after an older backup: the receipt is signed by our key, the database lacks it."""
    Checkpoint.objects.all().update(published_at=None)
    page = check(as_bytes(log.receipt), in_english())
    assert "That must never happen" in page


def test_a_log_that_shows_another_tree_is_told_loudly(log, monkeypatch):
    for day in (1, 2):
        handling.open_case(log.clerk, log.case.number, at=AT + timedelta(days=day))
        integrate(at=AT)
    latest = Checkpoint.objects.latest("size")
    Checkpoint.objects.filter(size=latest.size).update(root=bytes(32))
    verdict = checking.verdict_on(as_bytes(log.receipt))
    assert verdict.failed.name == "checkpoint"


def test_a_receipt_of_before_a_change_of_keys_holds(log):
    key_acts.announce_key("ed25519", at=AT)
    integrate(at=AT)
    first = LogKey.objects.first()
    key_acts.retire_key(first.vkey.split("+")[1], reason="verloren", at=AT, now=True)
    integrate(at=AT)
    assert checking.verdict_on(as_bytes(log.receipt)).failed is None


# Looking an entry up, as the code on the paper does


def looked_up(seq: object, digest: str = "") -> str:
    return in_english().get("/verify/", {"entry": seq, "leaf": digest}).content.decode()


def test_the_code_on_the_paper_finds_the_act(log, django_assert_max_num_queries):
    digest = leaf_hash(log.receipt["leaf"].encode()).hex()
    page = looked_up(log.seq, digest)
    assert "The act is in the public log" in page
    assert "case decided" in page
    assert digest in page
    assert ID_NUMBERS[0] not in page
    with django_assert_max_num_queries(4):
        checking.look_up(log.seq, digest)


def test_another_hash_at_the_place_is_told(log):
    page = looked_up(log.seq, "0" * 64)
    assert "Another act stands at this place" in page
    assert "The act is in the public log" not in page


def test_a_line_that_was_changed_in_the_database_is_not_called_in_the_log(log):
    entry = Entry.objects.get(place__seq=log.seq)
    Entry.objects.filter(pk=entry.pk).update(leaf=entry.leaf.replace("decided", "refused"))
    assert "Another act stands at this place" in looked_up(log.seq)


def test_places_that_there_are_not_and_nonsense(log):
    assert "no such place in the log yet" in looked_up(10**9)
    for nonsense in ("x", "-1", "9" * 30, "٣", "1.5"):
        assert "scan the code again" in looked_up(nonsense)
    assert "scan the code again" in looked_up(1, "zz")


def test_an_empty_log_has_no_place_yet(db):
    assert "no such place in the log yet" in looked_up(0)


# The page of the log


def test_the_page_shows_rates_checkpoints_and_keys(log, monkeypatch):
    monkeypatch.setattr(views, "utc_now", lambda: AT + timedelta(hours=1))
    page = in_english().get("/ledger/").content.decode()
    for words in (
        "case decided",
        "区公安分局",
        "广安区",
        "Keys of the log",
        LogKey.objects.get().vkey,
        bytes(Checkpoint.objects.latest("size").root).hex(),
        "http://testserver/ledger",
        "tongban ledger audit",
        'role="img"',
    ):
        assert words in page, words
    assert "作出决定" in Client().get("/ledger/").content.decode()
    for secret in (ID_NUMBERS[0], "材料齐全", "li(示例)", log.case.number):
        assert secret not in page


def test_the_page_of_an_empty_log_says_so(db):
    assert "The log is empty" in in_english().get("/ledger/").content.decode()
    assert "Nothing here" in in_english().get("/ledger/acts/").content.decode()


def queries(path: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert Client().get(path).status_code == 200
    return len(seen)


def test_the_page_is_made_once_for_everybody(log):
    queries("/help/")  # The name of the region is read once a process.
    views.forget_overview()
    first = queries("/ledger/")
    assert first == 16  # The overview's, names of organs and of regions.
    assert queries("/ledger/") == 2


def test_entries_are_shown_by_place_without_a_query_each(log):
    queries("/help/")  # The name of the region is read once a process.
    few = queries("/ledger/acts/")
    with transaction.atomic():
        for number in range(120):
            payload = {"number": str(number), "by": "x"}
            record(acts.CASE_VIEWED, at=AT, organ=f"o{number}", payload=payload)
    integrate(at=AT)
    assert queries("/ledger/acts/") == few
    page = Client().get("/ledger/acts/").content.decode()
    assert page.count("&amp;leaf=") == 50
    assert 'rel="next"' in page


def test_entries_of_one_case_alone(log):
    page = in_english().get("/ledger/acts/", {"case": log.case.ledger_ref}).content.decode()
    assert page.count("&amp;leaf=") == Entry.objects.filter(case_ref=log.case.ledger_ref).count()
    page = in_english().get("/ledger/acts/", {"case": "x"}).content.decode()
    assert "This is no reference" in page
    assert "&amp;leaf=" not in page
    page = in_english().get("/ledger/acts/", {"case": "0" * 32}).content.decode()
    assert "No act has this reference" in page


@pytest.mark.parametrize("before", ["0", "x", "-5", "9" * 40, "1"])
def test_pages_that_there_are_not_break_nothing(log, before):
    assert Client().get("/ledger/acts/", {"before": before}).status_code == 200


def test_every_page_leads_to_the_log_and_to_the_check(client, db):
    page = client.get("/help/").content.decode()
    footer = page[page.index("<footer") :]
    assert 'href="/ledger/"' in footer
    assert 'href="/verify/"' in footer


# Bars


def test_bars_are_in_proportion():
    days = [(AT.date() + timedelta(days=at), count) for at, count in enumerate((0, 1, 500, 1000))]
    plot = days_plot(days)
    none, one, half, full = (bar.height for bar in plot.bars)
    assert (none, full) == (0, plot.base - plot.top)
    assert half == pytest.approx(full / 2, abs=0.1)
    assert one == 1
    assert all(bar.y + bar.height == pytest.approx(plot.base) for bar in plot.bars)
    assert plot.bars[-1].x + plot.bars[-1].width <= plot.width
    assert days_plot([(AT.date(), 0)]).highest == 0


@pytest.mark.parametrize(("count", "highest", "percent"), [(0, 9, 0), (1, 1000, 1), (5, 10, 50)])
def test_a_share_is_a_percentage(count, highest, percent):
    assert share(count, highest) == percent


# Witnesses


@pytest.fixture
def witnessed(log, tmp_path, settings):
    """The latest checkpoint carries a witness's line; the policy names the witness."""
    signer = WITNESS_SIGNERS["ed25519"]("w.example/1", new_secret(), lambda: 1_700_000_000)
    settings.TONGBAN_LEDGER_POLICY = tmp_path / "witnesses.policy"
    settings.TONGBAN_LEDGER_POLICY.write_text(
        f"witness w1 {signer.verifier().vkey} http://127.0.0.1:9\nquorum none\n"
    )
    latest = Checkpoint.objects.latest("size")
    text = latest.note.rpartition("\n\n")[0] + "\n"
    line = Signature(signer.name, signer.key_id, signer.sign(text.encode()))
    Cosignature.objects.create(
        checkpoint=latest,
        witness=signer.name,
        key_id=signer.key_id.hex(),
        line=line.line,
        at=AT,
    )
    act = own_acts.own_act(log.resident, log.seq)
    log.receipt = own_acts.receipt(log.resident, act)
    return log


def test_a_witness_that_the_site_knows_vouches(witnessed):
    assert any("w.example/1" in key for key in witnessed.receipt["keys"])
    page = check(as_bytes(witnessed.receipt), in_english())
    assert "The receipt holds" in page
    assert "Witnesses saw the same checkpoint" in page
    assert "no witness has signed" not in page


def test_a_witness_that_only_the_receipt_names_vouches_for_nothing(witnessed, settings):
    settings.TONGBAN_LEDGER_POLICY.unlink()
    page = check(as_bytes(witnessed.receipt), in_english())
    assert "The receipt holds" in page
    assert "not a witness that this site knows" in page
    assert "Witnesses saw the same checkpoint" not in page


def test_a_changed_line_of_a_known_witness_refuses_the_receipt(witnessed):
    line = str(witnessed.receipt["proof"]).splitlines(keepends=True)[-1]
    forged = line[:-10] + ("A" if line[-10] != "A" else "B") + line[-9:]
    document = witnessed.receipt | {"proof": witnessed.receipt["proof"].replace(line, forged)}
    assert checking.verdict_on(as_bytes(document)).failed.name == "signature"
