"""Files of applications: taken again, in versions, in pieces, with notes, compared with the original."""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cases import hostile
from tests.conftest import AT, PNG, png
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.cases import storage
from tongban.cases.files.scanning import ScannerDown
from tongban.cases.models import Annotation, Case, MaterialFile, Upload
from tongban.cases.services import (
    drafting,
    examining,
    handling,
    reusing,
    submitting,
    taking,
    uploading,
)
from tongban.cases.services.examining import Place
from tongban.directory.models import Delegation, Enterprise
from tongban.ledger.models import Entry
from tongban.ledger.rules import split_opening


def jpeg(name: str = "新照片.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, hostile.picture("JPEG"), "image/jpeg")


def signed_in(account, **more) -> Client:
    client = Client(raise_request_exception=False, **more)
    client.force_login(account)
    return client


def opened(case: Case) -> dict[str, object]:
    """The newest ledger entry of a case: what it says in private."""
    entry = Entry.objects.filter(case_ref=case.ledger_ref).latest("pk")
    return {"act": json.loads(entry.leaf)["act"]} | json.loads(split_opening(entry.opening)[1])


# Taking


def test_what_is_found_out_stays_with_the_file(world):
    file = world.make_draft().files.get()
    assert (file.trust, file.pages, file.version, file.checked_at) == ("C", 1, 1, AT)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (hostile.picture("JPEG") + hostile.archive(), "file_hides_another"),
        (hostile.picture("JPEG", (400, 400))[:-300], "file_damaged"),
        (hostile.zip_bomb(), "file_type"),
        (hostile.pdf(), "file_type"),  # A good one, but the guide wants a picture.
    ],
)
def test_a_bad_file_is_refused_in_words_and_nothing_is_kept(world, content, code):
    draft = drafting.start_draft(world.resident, world.item, at=AT)
    kept = set(storage.path_of("00").parents[1].glob("??/??/*"))
    with pytest.raises(InvalidInput) as refusal:
        drafting.attach_file(
            world.resident, draft.key, "photo", SimpleUploadedFile("坏.png", content)
        )
    assert refusal.value.code == code
    assert "坏.png" in str(refusal.value.detail)
    assert not MaterialFile.objects.exists()
    assert set(storage.path_of("00").parents[1].glob("??/??/*")) == kept


def test_an_infected_file_is_refused_and_the_log_names_no_person(world, monkeypatch, caplog):
    class Found:
        def scan(self, path):
            return "Win.Test"

    monkeypatch.setattr(taking, "scanner", Found)
    draft = drafting.start_draft(world.resident, world.item, at=AT)
    with pytest.raises(InvalidInput, match="file_malware"):
        drafting.attach_file(world.resident, draft.key, "photo", png("李.png"))
    assert "Win.Test" in caplog.text
    assert "李" not in caplog.text


def test_without_the_scanner_no_file_is_taken(world, monkeypatch):
    class Down:
        def scan(self, path):
            raise ScannerDown("ConnectionRefusedError")

    monkeypatch.setattr(taking, "scanner", Down)
    draft = drafting.start_draft(world.resident, world.item, at=AT)
    with pytest.raises(Conflict, match="scanner_down"):
        drafting.attach_file(world.resident, draft.key, "photo", png())
    page = signed_in(world.resident).post(
        f"/items/{world.item.code}/apply/materials/", {"action": "upload", "file-photo": png()}
    )
    assert page.status_code == 409
    assert not MaterialFile.objects.exists()


# Taken again


@pytest.fixture
def earlier(world):
    """A case with a photo, and a new form of the same person for the same item."""
    case = world.make_case("approved")
    return case, world.make_draft(photo=False)


def test_a_file_of_an_earlier_case_is_offered_and_taken_without_an_upload(world, earlier):
    case, draft = earlier
    (offer,) = reusing.reusable(world.resident, draft)["photo"]
    assert (offer.name, offer.item) == ("照片.png", world.item.name)
    file = reusing.reuse(world.resident, draft.key, "photo", offer.key, at=AT)
    assert file.sha256 == case.files.get().sha256
    assert file.reused_from == case.files.get()
    assert reusing.reusable(world.resident, draft) == {}
    second = submitting.submit(world.resident, draft.key, at=AT)
    assert opened(second)["files"] == [
        {
            "material": "photo",
            "name": "照片.png",
            "sha256": file.sha256,
            "trust": "C",
            "reused": True,
        }
    ]


def test_what_was_compared_stays_compared_when_it_is_taken_again(world, earlier):
    case, draft = earlier
    examining.verify_original(world.clerk, case.number, case.files.get().key, at=AT)
    file = reusing.reuse(world.resident, draft.key, "photo", case.files.get().key, at=AT)
    assert (file.trust, file.verified_by, file.verified_at) == ("B", world.clerk, AT)


def test_nobody_takes_the_file_of_another(world, earlier):
    case, _draft = earlier
    other = world.make_draft(world.neighbour, photo=False)
    assert reusing.reusable(world.neighbour, other) == {}
    with pytest.raises(NotFound):
        reusing.reuse(world.neighbour, other.key, "photo", case.files.get().key)
    with pytest.raises(NotFound):
        reusing.reuse(world.neighbour, earlier[1].key, "photo", case.files.get().key)


def test_who_acts_for_somebody_does_not_take_their_files_for_themselves(world, earlier):
    case, _draft = earlier
    Delegation.objects.create(
        key=uuid.uuid4(),
        kind="guardian",
        person=world.resident.person,
        agent=world.neighbour.person,
        valid_from=AT.date(),
        valid_to=AT.date() + timedelta(days=4_000),
        consent="in_person",
        recorded_by=world.clerk,
        recorded_at=AT,
    )
    own = world.make_draft(world.neighbour, photo=False)
    assert reusing.reusable(world.neighbour, own) == {}
    with pytest.raises(NotFound):
        reusing.reuse(world.neighbour, own.key, "photo", case.files.get().key)


def test_an_enterprise_s_files_are_not_its_representative_s(world, earlier):
    case, draft = earlier
    company = Enterprise.objects.create(
        uscc="91350100M000100Y43", name="示例公司", legal_representative=world.resident.person
    )
    Case.objects.filter(pk=case.pk).update(enterprise=company)
    assert reusing.reusable(world.resident, draft) == {}


def test_a_file_that_was_replaced_is_not_taken_again(world, earlier):
    case, draft = earlier
    case.files.update(superseded=True)
    assert reusing.reusable(world.resident, draft) == {}
    with pytest.raises(NotFound):
        reusing.reuse(world.resident, draft.key, "photo", case.files.get().key)


def test_what_is_offered_costs_as_much_for_many_cases_as_for_one(world, earlier):
    case, draft = earlier
    reusing.reusable(world.resident, draft)  # Guides are read once a process.
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as asked:
            reusing.reusable(world.resident, draft)
        counts.append(len(asked))
        for number in range(3):
            copy = case.files.first()
            copy.pk, copy.key, copy.sha256 = None, uuid.uuid4(), f"{number:064d}"
            copy.save()
    assert counts[0] == counts[1] <= 4


def test_the_page_offers_it_and_takes_it(world, earlier):
    case, draft = earlier
    client = signed_in(world.resident)
    address = f"/items/{world.item.code}/apply/materials/"
    page = client.get(address).content.decode()
    key = case.files.get().key
    assert f"reuse:photo:{key}" in page
    assert client.post(address, {"action": f"reuse:photo:{key}"}).status_code == 302
    assert draft.files.get().sha256 == case.files.get().sha256
    for odd in ("reuse:photo:nonsense", "reuse:photo", f"reuse:nonsense:{key}"):
        assert client.post(address, {"action": odd}).status_code in (404, 200)
    assert draft.files.count() == 1


# Versions


def test_a_single_file_is_corrected_and_the_version_before_stays(world):
    case = world.make_case("correction")
    original = case.files.get()
    draft = drafting.start_correction(world.resident, case.number, at=AT)
    copy = draft.files.get()
    for content in (jpeg("一.jpg"), jpeg("二.jpg")):  # Changed my mind once.
        copy = drafting.attach_file(
            world.resident, draft.key, "photo", content, replaces=copy.key, at=AT
        )
    submitting.hand_in_correction(world.resident, case.number, at=AT)
    new = case.files.get(superseded=False)
    original.refresh_from_db()
    assert (new.name, new.version, new.replaces) == ("二.jpg", 2, original)
    assert original.superseded
    assert storage.open_file(original.sha256).read() == PNG
    assert case.files.count() == 2


def test_only_a_file_of_the_own_form_is_replaced(world):
    draft = world.make_draft()
    other = world.make_draft(world.neighbour)
    with pytest.raises(NotFound):
        drafting.attach_file(
            world.resident, draft.key, "photo", jpeg(), replaces=other.files.get().key
        )
    assert draft.files.count() == other.files.count() == 1


# Compared with the original


def test_a_clerk_who_sees_the_original_writes_it_down(world):
    case = world.make_case()
    file = examining.verify_original(world.clerk, case.number, case.files.get().key, at=AT)
    assert (file.trust, file.verified_by, file.verified_at) == ("B", world.clerk, AT)
    assert opened(case)["act"] == "case.material_verified"
    assert opened(case)["sha256"] == file.sha256
    with pytest.raises(Conflict, match="nothing_to_verify"):
        examining.verify_original(world.clerk, case.number, file.key)


def test_a_scan_at_the_counter_takes_the_place_and_counts_as_compared(world):
    case = world.make_case()
    before = case.files.get()
    scan = examining.scan_original(world.clerk, case.number, before.key, jpeg(), at=AT)
    before.refresh_from_db()
    assert (scan.trust, scan.version, scan.replaces, scan.verified_by) == (
        "B",
        2,
        before,
        world.clerk,
    )
    assert before.superseded
    assert opened(case)["replaces"] == before.sha256


def test_a_scan_for_an_application_at_the_counter_counts_as_compared(world):
    draft = world.make_draft(photo=False)
    file = drafting.attach_file(
        world.resident, draft.key, "photo", png(), seen_by=world.clerk, at=AT
    )
    assert (file.trust, file.verified_by) == ("B", world.clerk)


def test_nobody_compares_in_another_post_or_organ_or_the_own_affair(world):
    case = world.make_case()
    key = case.files.get().key
    with pytest.raises(NotPermitted):
        examining.verify_original(world.reviewer, case.number, key)
    stranger = world.make_staff("stranger", world.make_organ("区人社局"), "clerk")
    with pytest.raises(NotFound):
        examining.verify_original(stranger, case.number, key)
    world.clerk.person = None
    person = world.resident.person
    person.account = world.clerk
    person.save()
    with pytest.raises(NotPermitted):
        examining.verify_original(world.clerk, case.number, key)


def test_the_database_wants_to_know_who_compared(world):
    file = world.make_draft().files.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        MaterialFile.objects.filter(pk=file.pk).update(trust="B")
    with pytest.raises(IntegrityError), transaction.atomic():
        MaterialFile.objects.filter(pk=file.pk).update(trust="E")


# Notes on a page


def annotate(world, case, **more):
    told = {"page": 1, "text": "头部不清楚"} | more
    return examining.annotate(world.clerk, case.number, case.files.get().key, at=AT, **told)


def test_a_note_for_the_applicant_is_told_with_the_notice_and_others_are_not(world):
    case = world.make_case()
    annotate(world, case, for_applicant=True, place=Place(100, 200, 300, 400))
    annotate(world, case, text="内部:可疑")
    assert examining.notes_on([case.files.get()], told_only=True) == {}
    page = f"/cases/{case.number}/files/{case.files.get().key}/pages/"
    resident = signed_in(world.resident)
    assert "头部不清楚" not in resident.get(page).content.decode()
    handling.request_correction(world.clerk, case.number, reasons="请看页面上的批注", at=AT)
    assert opened(case)["annotations"] == [
        {
            "file": case.files.get().sha256,
            "page": 1,
            "text": "头部不清楚",
            "place": [100, 200, 300, 400],
        }
    ]
    for address in (page, f"/cases/{case.number}/"):
        shown = resident.get(address).content.decode()
        assert "头部不清楚" in shown
        assert "可疑" not in shown
        assert str(world.clerk) not in shown or address != page
    drafting.start_correction(world.resident, case.number, at=AT)
    materials = resident.get(f"/cases/{case.number}/correct/materials/").content.decode()
    assert "头部不清楚" in materials
    assert "可疑" not in materials


def test_a_note_after_the_notice_can_t_be_meant_for_the_applicant(world):
    case = world.make_case("accepted")
    annotate(world, case)
    with pytest.raises(Conflict, match="notice_is_out"):
        annotate(world, case, for_applicant=True)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"page": 2}, "place"),
        ({"page": 0}, "place"),
        ({"text": "  "}, "note"),
        ({"text": "长" * 1_001}, "note"),
        ({"place": Place(900, 0, 200, 100)}, "place"),
        ({"place": Place(0, 0, 0, 100)}, "place"),
        ({"place": Place(-1, 0, 10, 10)}, "place"),
    ],
)
def test_a_note_lies_on_a_page(world, more, code):
    with pytest.raises(InvalidInput, match=code):
        annotate(world, world.make_case(), **more)
    assert not Annotation.objects.exists()


def test_the_database_keeps_notes_on_the_page(world):
    note = annotate(world, world.make_case(), place=Place(0, 0, 1000, 1000))
    with pytest.raises(IntegrityError), transaction.atomic():
        Annotation.objects.filter(pk=note.pk).update(left=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Annotation.objects.filter(pk=note.pk).update(told_at=AT)


def test_a_note_is_taken_back_by_who_wrote_it_until_it_is_told(world):
    case = world.make_case()
    note = annotate(world, case, for_applicant=True)
    with pytest.raises(NotFound):
        examining.erase_note(world.reviewer, case.number, note.key)
    handling.request_correction(world.clerk, case.number, reasons="请看页面上的批注", at=AT)
    with pytest.raises(Conflict, match="note_told"):
        examining.erase_note(world.clerk, case.number, note.key)


# Pages as pictures


def test_pages_are_seen_by_who_may_see_the_file_and_nobody_else(world):
    case = world.make_case()
    key = case.files.get().key
    paths = {
        "own": f"/cases/{case.number}/files/{key}/pages/1/",
        "staff": f"/work/cases/{case.number}/files/{key}/pages/1/",
    }
    answer = signed_in(world.resident).get(paths["own"])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert b"".join(answer.streaming_content)[8:12] == b"WEBP"
    assert signed_in(world.clerk).get(paths["staff"]).status_code == 200
    assert signed_in(world.neighbour).get(paths["own"]).status_code == 404
    assert signed_in(world.neighbour).get(paths["staff"]).status_code in (403, 404)
    other = world.make_staff("stranger", world.make_organ("区人社局"), "clerk")
    assert signed_in(other).get(paths["staff"]).status_code == 404
    for sheet in ("0", "2", "99999999999999"):
        wrong = paths["own"].replace("/1/", f"/{sheet}/")
        assert signed_in(world.resident).get(wrong).status_code == 404


def test_a_page_is_drawn_once_and_goes_with_its_content(world, monkeypatch):
    case = world.make_case()
    file = case.files.get()
    picture = examining.page_picture(file, 1)
    monkeypatch.setattr(examining.sandbox, "draw_page", None)
    assert examining.page_picture(file, 1) == picture
    storage.delete(file.sha256)
    assert not picture.exists()


def test_the_page_of_a_file_costs_a_fixed_number_of_queries(world):
    case = world.make_case()
    clerk = signed_in(world.clerk)
    address = f"/work/cases/{case.number}/files/{case.files.get().key}/pages/"
    clerk.get(address)
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as asked:
            clerk.get(address)
        counts.append(len(asked))
        for _number in range(5):
            annotate(world, case)
    assert counts[0] == counts[1]


def test_staff_note_and_compare_on_the_page(world):
    case = world.make_case(at=AT)
    file, clerk = case.files.get(), signed_in(world.clerk)
    address = f"/work/cases/{case.number}/files/{file.key}/pages/"
    note = {"act": "note", "sheet": "1", "text": "看不清", "for_applicant": "yes"}
    place = {"left": "10", "top": "20", "width": "30", "height": "40"}
    assert clerk.post(address, note | place).status_code == 302
    written = Annotation.objects.get()
    assert (written.left, written.for_applicant) == (10, True)
    assert clerk.post(address, note | {"left": "x"}).status_code == 422
    assert clerk.post(address, {"act": "erase", "note": "x"}).status_code == 404
    assert clerk.post(address, {"act": "erase", "note": str(written.key)}).status_code == 302
    assert clerk.post(address, {"act": "verify"}).status_code == 302
    assert clerk.post(address, {"act": "verify"}).status_code == 409
    assert clerk.post(address, {"act": "nonsense"}).status_code == 422
    assert signed_in(world.resident).post(address, note).status_code in (403, 404)
    assert not Annotation.objects.exists()


# Uploads in pieces


@pytest.fixture
def sender(world):
    return world.make_draft(photo=False), signed_in(world.resident)


def metadata(draft, material="photo", name="照片.png") -> str:
    told = {"draft": str(draft.key), "material": material, "filename": name}
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in told.items())


def begin(client, draft, length, **more):
    return client.post(
        "/me/uploads/",
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(length),
            "Upload-Metadata": metadata(draft),
        }
        | more,
    )


def patch(client, url, content, offset, **more):
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset)} | more
    return client.patch(
        url, content, content_type="application/offset+octet-stream", headers=headers
    )


def test_a_file_arrives_in_pieces(sender):
    draft, client = sender
    begun = begin(client, draft, len(PNG))
    assert (begun.status_code, begun["Tus-Resumable"]) == (201, "1.0.0")
    url = begun["Location"]
    assert patch(client, url, PNG[:20], 0)["Upload-Offset"] == "20"
    stands = client.head(url, headers={"Tus-Resumable": "1.0.0"})
    assert (stands["Upload-Offset"], stands["Upload-Length"]) == ("20", str(len(PNG)))
    assert patch(client, url, PNG[20:], 20).status_code == 204
    file = draft.files.get()
    assert storage.open_file(file.sha256).read() == PNG
    assert file.name == "照片.png"
    assert not Upload.objects.exists()
    assert client.head(url, headers={"Tus-Resumable": "1.0.0"}).status_code == 404


def test_what_a_broken_line_left_behind_is_written_over(sender, world):
    draft, client = sender
    upload = uploading.begin(
        world.resident, draft.key, "photo", name="a.png", length=len(PNG), at=AT
    )
    part = storage.path_of("00").parents[2] / f"{upload.key.hex}.part"
    part.write_bytes(PNG[:10] + b"garbage of a piece that was never written down, far too long" * 9)
    url = f"/me/uploads/{upload.key}/"
    assert client.head(url, headers={"Tus-Resumable": "1.0.0"})["Upload-Offset"] == "0"
    assert patch(client, url, PNG, 0).status_code == 204
    assert storage.open_file(draft.files.get().sha256).read() == PNG


def test_a_line_that_breaks_keeps_the_whole_pieces(sender, world, monkeypatch):
    draft, _client = sender
    monkeypatch.setattr(uploading, "PIECE", 10)
    upload = uploading.begin(
        world.resident, draft.key, "photo", name="a.png", length=len(PNG), at=AT
    )
    rest = iter([PNG[:10], PNG[10:20]])

    def broken(_most):
        try:
            return next(rest)
        except StopIteration:
            raise OSError("connection reset") from None

    with pytest.raises(OSError, match="reset"):
        uploading.receive(world.resident, upload.key, 0, broken)
    assert uploading.upload_of(world.resident, upload.key).offset == 20


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Offset": "1"}, 409),
        ({"Upload-Offset": "x"}, 422),
        ({"Tus-Resumable": "0.2.2"}, 412),
    ],
)
def test_a_piece_for_another_place_is_refused(sender, headers, status):
    draft, client = sender
    url = begin(client, draft, 100)["Location"]
    answer = patch(client, url, b"x", 0, **headers)
    assert answer.status_code == status
    assert Upload.objects.get().offset == 0
    assert client.patch(
        url, b"x", content_type="text/plain", headers={"Tus-Resumable": "1.0.0"}
    ).status_code in (412, 415)


def test_no_more_arrives_than_was_announced(sender):
    draft, client = sender
    url = begin(client, draft, 10)["Location"]
    assert patch(client, url, bytes(11), 0).status_code == 422
    assert Upload.objects.get().offset == 0


@pytest.mark.parametrize(
    "more",
    [
        {"Upload-Length": "0"},
        {"Upload-Length": str(2 * 1024**3)},
        {"Upload-Length": "many"},
        {"Upload-Metadata": "draft !!!"},
        {"Upload-Metadata": ""},
    ],
)
def test_an_upload_that_can_t_be_taken_is_not_begun(sender, more):
    draft, client = sender
    assert begin(client, draft, 10, **more).status_code in (404, 422)
    assert not Upload.objects.exists()


def test_a_whole_file_that_is_bad_is_told_in_words_and_forgotten(sender):
    draft, client = sender
    content = hostile.picture() + hostile.archive()
    url = begin(client, draft, len(content))["Location"]
    answer = patch(client, url, content, 0)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "file_hides_another"
    assert not Upload.objects.exists()
    assert not draft.files.exists()


def test_nobody_goes_on_with_the_upload_of_another(sender, world):
    draft, client = sender
    url = begin(client, draft, 10)["Location"]
    stranger = signed_in(world.neighbour)
    assert stranger.head(url, headers={"Tus-Resumable": "1.0.0"}).status_code == 404
    assert patch(stranger, url, b"x", 0).status_code == 404
    assert stranger.delete(url, headers={"Tus-Resumable": "1.0.0"}).status_code == 404
    assert begin(stranger, draft, 10).status_code == 404
    assert client.delete(url, headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    assert not Upload.objects.exists()


def test_a_forged_request_of_another_site_begins_nothing(sender, world):
    draft, _client = sender
    careful = signed_in(world.resident, enforce_csrf_checks=True)
    assert begin(careful, draft, 10).status_code == 403
    assert not Upload.objects.exists()


def test_an_upload_under_way_keeps_nobody_from_handing_in(sender, world):
    draft, client = sender
    begin(client, draft, 10)
    drafting.attach_file(world.resident, draft.key, "photo", png(), at=AT)
    assert submitting.submit(world.resident, draft.key, at=AT)
    upload = Upload.objects.get()
    with pytest.raises(NotFound):
        patched = patch(client, f"/me/uploads/{upload.key}/", bytes(10), 0)
        assert patched.status_code == 404
        uploading.finish(world.resident, upload.key)


def test_uploads_under_way_are_so_many_and_no_more(sender):
    draft, client = sender
    for _number in range(uploading.UNDER_WAY_MOST + 5):
        begin(client, draft, 10)
    assert Upload.objects.count() == uploading.UNDER_WAY_MOST


def test_what_is_spoken_is_told(sender):
    answer = sender[1].options("/me/uploads/")
    assert (answer.status_code, answer["Tus-Version"]) == (204, "1.0.0")
    assert answer["Tus-Extension"] == "creation,termination"
