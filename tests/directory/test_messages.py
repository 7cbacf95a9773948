"""Messages: the table of texts, the account, what goes out of it and what a crash leaves."""

from __future__ import annotations

import logging
import threading
import uuid
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tests.conftest import AT, World
from tongban.base.problems import InvalidInput, NotFound
from tongban.directory.messages import reading, sending
from tongban.directory.messages.channels import EmailWay, Outgoing, ways
from tongban.directory.messages.kinds import DEFAULTS, KINDS, TOPICS, Channel, Topic, facts_of
from tongban.directory.messages.posting import notify
from tongban.directory.messages.rendering import in_every_language, render
from tongban.directory.models import AccountPhone, Dispatch, Message
from tongban.web.doctor import unsafe

FACTS = {
    "number": "511602-260302-ABCD",
    "item": "居民身份证办理",
    "organ": "区公安分局",
    "reasons": "请补照片",
    "due_on": "2026-03-09",
    "until": "2026-03-10",
    "review_until": "2026-05-01",
    "suit_until": "2026-09-02",
    "papers": {"zh-hans": "照片", "en": "photo"},
    "ground": {"zh-hans": "不需要许可", "en": "No licence is needed"},
    "procedure": {"zh-hans": "听证", "en": "hearing"},
    "how": {"zh-hans": "邮寄", "en": "by post"},
    "competent": "区民政局",
    "begins_at": "2026-03-11T09:30:00+08:00",
    "before_at": "2026-03-10T09:30:00+08:00",
    "office": "政务大厅",
    "address": "一号",
    "code": "ABCD-2345",
}


def post(account, kind="case.received", at=AT, **facts):
    with transaction.atomic():
        keys = notify(kind, [account.pk], at=at, facts=FACTS | facts, link="/me/")
    return Message.objects.get(key=keys[0])


# Texts


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_text_is_made_in_both_languages(kind, language):
    with translation.override(language):
        said = render(kind, FACTS)
    assert len(said.lines) == len(KINDS[kind].lines)
    for text in (said.title, *said.lines):
        assert text
        assert "%(" not in text
        chinese = any("一" <= letter <= "鿿" for letter in text.replace(FACTS["item"], ""))
        if language == "zh-hans":
            assert chinese, text
    if language == "en":
        assert not any("一" <= letter <= "鿿" for letter in said.title)


@pytest.mark.parametrize("kind", KINDS)
def test_the_languages_say_the_same_facts(kind):
    for text in KINDS[kind].lines:
        with translation.override("zh-hans"):
            chinese = facts_of(text)
        with translation.override("en"):
            assert facts_of(text) == chinese, str(text)


@pytest.mark.parametrize("kind", KINDS)
def test_titles_hold_no_facts_since_they_go_outside(kind):
    assert not facts_of(KINDS[kind].title)


def test_a_line_without_its_facts_is_left_out():
    with translation.override("en"):
        said = render("case.received", {name: FACTS[name] for name in ("number", "item", "organ")})
    assert said.lines == (
        "区公安分局 has received your application 511602-260302-ABCD: 居民身份证办理.",
    )


def test_days_and_labels_are_in_the_reader_s_language():
    with translation.override("en"):
        said = render("case.paused", FACTS)
        assert "hearing" in said.lines[0]
        assert "Tue 10 March 2026" in said.lines[1]
    with translation.override("zh-hans"):
        said = render("case.paused", FACTS)
        assert "听证" in said.lines[0]
        assert "2026年3月10日 (周二)" in said.lines[1]


def test_a_percent_sign_in_a_fact_is_a_percent_sign():
    with translation.override("en"):
        assert "50 %(x)s" in render("case.denied", FACTS | {"reasons": "50 %(x)s"}).lines[1]


def test_labels_are_kept_in_every_language():
    assert in_every_language(TOPICS[Topic.APPOINTMENT]).keys() == {"zh-hans", "en"}


# Posting


def test_a_message_needs_the_transaction_of_its_act(world):
    assert connection.in_atomic_block  # The test's own.
    with pytest.raises(KeyError):
        notify("case.unknown", [world.resident.pk], at=AT, facts={})
    with pytest.raises(ValueError, match="item"):
        notify("case.received", [world.resident.pk], at=AT, facts={"number": "1", "organ": "x"})


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_nothing_is_posted(transactional_db):
    account = World().resident
    with pytest.raises(RuntimeError):
        notify("case.received", [account.pk], at=AT, facts=FACTS)


def test_each_account_is_told_once_and_nobody_without_one(world, django_assert_num_queries):
    with django_assert_num_queries(1):
        keys = notify(
            "case.received", [world.resident.pk, None, world.resident.pk], at=AT, facts=FACTS
        )
    assert len(keys) == 1


def test_the_facts_are_sealed(world):
    message = post(world.resident)
    with connection.cursor() as cursor:
        cursor.execute("SELECT facts FROM directory_message WHERE id = %s", [message.pk])
        assert "请补照片" not in cursor.fetchone()[0]
    assert message.facts["reasons"] == "请补照片"


# The account


def test_pages_by_key_show_each_message_once(world, django_assert_num_queries):
    for _number in range(45):
        post(world.resident)
    post(world.neighbour)
    seen, before = [], None
    while True:
        with django_assert_num_queries(2 if before else 1):
            page = reading.messages_of(world.resident, before=before)
        seen += [message.pk for message in page.messages]
        if not page.older:
            break
        before = uuid.UUID(page.older)
    assert len(seen) == len(set(seen)) == 45
    assert seen == sorted(seen, reverse=True)


def test_the_first_reading_counts_and_stays(world):
    message = post(world.resident)
    first = reading.read(world.resident, message.key, at=AT + timedelta(hours=1))
    again = reading.read(world.resident, message.key, at=AT + timedelta(hours=5))
    assert first.read_at == again.read_at == AT + timedelta(hours=1)
    assert again.available_at == AT


def test_nobody_reads_the_messages_of_another(world):
    message = post(world.resident)
    with pytest.raises(NotFound):
        reading.read(world.neighbour, message.key)
    with pytest.raises(NotFound):
        reading.messages_of(world.neighbour, before=message.key)
    message.refresh_from_db()
    assert message.read_at is None


def test_legal_notices_are_read_one_by_one(world):
    post(world.resident)
    post(world.resident, "appointment.booked")
    assert reading.unread_count(world.resident) == 2
    assert reading.mark_all_read(world.resident) == 1
    assert reading.unread_count(world.resident) == 1


def test_a_choice_is_kept_and_an_unknown_language_refused(world):
    assert reading.wanted(world.resident).by(Topic.NOTICE) == DEFAULTS[Topic.NOTICE]
    reading.choose(world.resident, language="en", channels={Topic.NOTICE: [Channel.TEXT]})
    kept = reading.wanted(world.resident)
    assert (kept.language, kept.by(Topic.NOTICE)) == ("en", {Channel.TEXT})
    assert kept.by(Topic.APPOINTMENT) == frozenset()
    with pytest.raises(InvalidInput):
        reading.choose(world.resident, language="tlh", channels={})


# Pages


@pytest.fixture
def reader(world):
    client = Client()
    client.force_login(world.resident)
    return client


def test_the_frame_says_how_much_is_unread(world, reader):
    post(world.resident)
    assert "badge--count" in reader.get("/help/").content.decode()
    reader.get(f"/me/messages/{Message.objects.get().key}/")
    assert "badge--count" not in reader.get("/help/").content.decode()


def test_a_notice_shows_when_it_was_there_and_when_it_was_read(world, reader):
    message = post(world.resident)
    page = reader.get(f"/me/messages/{message.key}/").content.decode()
    assert "2026年3月2日 (周一) 09:00" in page
    assert "请补照片" not in page  # Not one of the facts of this kind.
    assert str(message.key) in page


def test_the_list_costs_as_many_queries_for_many_as_for_one(world, reader):
    reader.get("/help/")  # What is read once a process.
    counts = []
    for many in (1, 30):
        for _number in range(many):
            post(world.resident)
        with CaptureQueriesContext(connection) as asked:
            page = reader.get("/me/messages/").content.decode()
        counts.append(len(asked))
    assert page.count("inbox__one--new") == reading.PAGE
    assert counts[0] == counts[1]


def test_a_key_that_is_none_shows_the_newest(world, reader):
    post(world.resident)
    assert reader.get("/me/messages/?before=%00x").status_code == 200
    assert reader.get(f"/me/messages/?before={uuid.uuid4()}").status_code == 404


def test_preferences_are_chosen_on_a_page(world, reader):
    page = reader.get("/me/messages/preferences/").content.decode()
    assert 'name="notice-email"' in page
    answer = reader.post("/me/messages/preferences/", {"language": "en", "appointment-text": "yes"})
    assert answer.status_code == 302
    assert reading.wanted(world.resident).by(Topic.APPOINTMENT) == {Channel.TEXT}
    assert reading.wanted(world.resident).by(Topic.NOTICE) == frozenset()
    assert reader.post("/me/messages/preferences/", {"language": "x"}).status_code == 422


# Sending


@pytest.fixture
def addresses(world):
    EmailAddress.objects.create(
        user=world.resident, email="li@example.cn", verified=True, primary=True
    )
    AccountPhone.objects.create(account=world.resident, phone="+8613800000001", verified=True)
    return world


class Recording:
    """A way out that remembers, and fails as often as it is told to."""

    def __init__(self, fails: int = 0) -> None:
        self.sent: list[tuple[str, Outgoing]] = []
        self.fails = fails

    def addresses(self, accounts):
        return dict.fromkeys(accounts, "somebody@example.cn")

    def send(self, address, outgoing):
        if self.fails:
            self.fails -= 1
            raise OSError("somebody@example.cn is not reached")
        self.sent.append((address, outgoing))


@pytest.fixture
def way(monkeypatch) -> Recording:
    recording = Recording()
    monkeypatch.setattr(sending, "ways", lambda: {Channel.EMAIL: recording})
    return recording


def test_a_notice_goes_to_mailbox_and_phone_and_says_nothing_of_the_matter(
    addresses, settings, tmp_path, monkeypatch
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    message = post(addresses.resident, "case.denied")
    assert sending.send_round(at=AT) == sending.Done(planned=1, sent=2)
    (sent,) = mail.outbox
    assert sent.to == ["li@example.cn"]
    assert str(message.key) in sent.extra_headers["Message-ID"]
    for secret in ("请补照片", FACTS["number"], FACTS["item"], "区公安分局"):
        assert secret not in sent.subject + sent.body
    texts = sorted(settings.ENVIRONMENT.outbox.glob("sms-*.txt"))
    assert "+8613800000001" in texts[-1].read_text()
    assert "请补照片" not in texts[-1].read_text()
    assert not sending.send_round(at=AT)


def test_what_goes_out_is_in_the_language_that_was_chosen(world, way):
    for language, word in (("en", "denied"), ("zh-hans", "未获准予")):
        reading.choose(world.resident, language=language, channels={Topic.NOTICE: [Channel.EMAIL]})
        post(world.resident, "case.denied")
        sending.send_round(at=AT)
        assert word in way.sent[-1][1].title


def test_a_topic_that_is_switched_off_stays_in_the_account(world, way):
    reading.choose(world.resident, language="en", channels={})
    message = post(world.resident)
    assert sending.send_round(at=AT) == sending.Done(planned=1)
    assert way.sent == []
    assert reading.messages_of(world.resident).messages == (message,)


def test_an_address_that_is_not_verified_gets_nothing(world):
    EmailAddress.objects.create(user=world.resident, email="li@example.cn", verified=False)
    post(world.resident)
    sending.send_round(at=AT)
    assert not Dispatch.objects.exists()


def test_a_reminder_that_is_too_late_is_not_sent(world, way):
    post(world.resident, "appointment.reminder")
    sending.send_round(at=AT + timedelta(hours=25))
    assert way.sent == []


def test_a_failure_is_put_off_and_then_told_without_the_address(world, way, caplog):
    way.fails = sending.TRIES_MOST
    post(world.resident)
    now = AT
    waits = []
    with caplog.at_level(logging.WARNING):
        for _try in range(sending.TRIES_MOST):
            sending.send_round(at=now)
            row = Dispatch.objects.get()
            waits.append(row.due_at - now)
            now = max(now, row.due_at)
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert (row.state, row.problem, row.attempts) == ("failed", "OSError", sending.TRIES_MOST)
    assert "example.cn" not in caplog.text
    assert "OSError" in caplog.text
    assert any("given up" in line for line in unsafe(as_production=False))
    assert sending.retry_failed(at=now) == 1
    assert sending.send_round(at=now).sent == 1
    assert not any("given up" in line for line in unsafe(as_production=False))


def test_one_that_fails_holds_up_no_other(world, way):
    way.fails = 1
    post(world.resident)
    post(world.neighbour)
    assert sending.send_round(at=AT) == sending.Done(planned=2, sent=1, put_off=1)


def test_a_sender_that_dies_leaves_its_rows_to_the_next_under_the_same_reference(world, way):
    message = post(world.resident)
    sending.plan(AT, sending.ways())
    (taken,) = sending.claim(AT, [Channel.EMAIL])
    assert sending.claim(AT, [Channel.EMAIL]) == []
    assert not sending.send_round(at=AT + timedelta(minutes=5)).sent
    assert sending.send_round(at=AT + sending.CLAIM_ENDS + timedelta(seconds=1)).sent == 1
    assert way.sent[0][1].reference == f"{message.key}-email"
    # The dead one comes back: what it says of its claim counts no more.
    sending._end(taken, Dispatch.State.FAILED, AT, "late")
    assert Dispatch.objects.get().state == "sent"


def test_messages_that_wait_long_are_told_by_the_doctor(world):
    post(world.resident)
    assert any("wait too long" in line for line in unsafe(as_production=False))


def test_an_idle_round_asks_little(world, way, django_assert_num_queries):
    # savepoint 6 · what to plan, claims that ended, what is due … two updates and two reads
    with django_assert_num_queries(8):
        sending.send_round(at=AT)


def test_a_round_does_not_cost_more_statements_for_more_messages(world, way):
    counts = []
    for many in (1, 10):
        for _number in range(many):
            post(world.resident)
        with CaptureQueriesContext(connection) as asked:
            assert sending.send_round(at=AT).sent == many
        counts.append(len(asked))
    # One statement a message says that it was sent.
    assert counts[1] - counts[0] == 9


@pytest.mark.django_db(transaction=True)
def test_many_senders_at_once_send_each_message_once(transactional_db, monkeypatch):
    world, lock, sent = World(), threading.Lock(), []

    class Counting(Recording):
        def send(self, address, outgoing):
            with lock:
                sent.append(outgoing.reference)

    monkeypatch.setattr(sending, "ways", lambda: {Channel.EMAIL: Counting()})
    for _number in range(60):
        post(world.resident)
    problems: list[Exception] = []

    def work() -> None:
        try:
            while sending.send_round():
                pass
        except Exception as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    senders = [threading.Thread(target=work) for _number in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    # On PostgreSQL a sender may find all rows taken and end before they are free: one more round.
    while sending.send_round():
        pass
    assert problems == []
    assert len(sent) == len(set(sent)) == 60
    assert set(Dispatch.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_ways_that_are_there(settings):
    assert set(ways()) == set(Channel)
    assert isinstance(ways()[Channel.EMAIL], EmailWay)
    assert settings.ENVIRONMENT.mini_program_url == ""


def test_the_mini_program_knows_people_by_a_name_of_its_own(world):
    reading.choose(world.resident, language="en", channels={Topic.NOTICE: [Channel.MINI_PROGRAM]})
    post(world.resident)
    sending.send_round(at=AT)
    newest = sorted(settings.ENVIRONMENT.outbox.glob("mini-program-*.txt"))[-1].read_text()
    assert world.resident.ledger_ref not in newest
    assert "Application received" in newest
