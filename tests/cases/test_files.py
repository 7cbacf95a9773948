"""What an uploaded file really is: hostile files, the process that reads them, scanners, stores."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.files.storage import InMemoryStorage
from PIL import Image

from tests.cases import hostile
from tongban.cases import storage
from tongban.cases.files import sandbox, worker
from tongban.cases.files.drawing import PIXELS_DRAWN
from tongban.cases.files.kinds import PAGES_MOST, Facts, Fault, FileFault
from tongban.cases.files.scanning import EICAR, ClamdScanner, DevelopmentScanner, ScannerDown
from tongban.cases.rules.trust import Trust, can_be_verified, same_material, trust_of_upload

GOOD = {
    "a picture": (hostile.picture(), Facts("image/png", 1)),
    "a photo": (hostile.turned_photo(), Facts("image/jpeg", 1)),
    "a document": (hostile.pdf(3), Facts("application/pdf", 3)),
    "as many pages as go": (hostile.blank_pdf(PAGES_MOST), Facts("application/pdf", PAGES_MOST)),
}
BAD = {
    "a program": (b"MZ\x90\x00" + bytes(200), Fault.TYPE),
    "a page of the web": (b"<html><script>alert(1)</script></html>", Fault.TYPE),
    "a vector picture with a script": (b"<svg onload='alert(1)'/>", Fault.TYPE),
    "an archive": (hostile.archive(), Fault.TYPE),
    "an archive of archives": (hostile.zip_bomb(), Fault.TYPE),
    "an animated picture": (hostile.picture("GIF"), Fault.TYPE),
    "nothing but a header": (b"%PDF-1.7 that is all", Fault.DAMAGED),
    "a picture cut off": (hostile.picture("JPEG", (400, 400))[:-300], Fault.DAMAGED),
    "a picture cut off in a chunk": (hostile.picture()[:-20], Fault.DAMAGED),
    "a locked document": (hostile.pdf(password="secret"), Fault.ENCRYPTED),
    "too many pages": (hostile.blank_pdf(PAGES_MOST + 1), Fault.PAGES),
    "gigabytes in a small picture": (hostile.png_bomb(), Fault.PIXELS),
    "a picture with an archive behind": (hostile.picture() + hostile.archive(), Fault.HIDDEN),
    "a photo with an archive behind": (hostile.picture("JPEG") + hostile.archive(), Fault.HIDDEN),
    "a document with an archive behind": (hostile.pdf(1) + hostile.archive(), Fault.HIDDEN),
    "a picture with a document behind": (hostile.picture() + hostile.pdf(1), Fault.HIDDEN),
    "a photo that is a document": (hostile.jpeg_that_is_a_pdf(), Fault.HIDDEN),
}


def written(folder: Path, content: bytes) -> Path:
    path = folder / "upload"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", GOOD)
def test_what_a_file_is(tmp_path, name):
    content, facts = GOOD[name]
    assert sandbox.facts_of(written(tmp_path, content)) == facts


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_taken(tmp_path, name):
    content, fault = BAD[name]
    with pytest.raises(FileFault) as refused:
        sandbox.facts_of(written(tmp_path, content))
    assert refused.value.fault is fault


# Pictures of pages


def drawn(tmp_path: Path, content: bytes, media_type: str, page: int = 1) -> Image.Image:
    out = tmp_path / "page.webp"
    sandbox.draw_page(written(tmp_path, content), media_type, page, 1_200, out)
    return Image.open(out)


def test_a_page_is_drawn_as_wide_as_it_is_shown(tmp_path):
    shown = drawn(tmp_path, hostile.pdf(), "application/pdf", 2)
    assert (shown.format, shown.width) == ("WEBP", 1_200)


def test_a_photo_is_turned_as_the_camera_meant_it(tmp_path):
    assert drawn(tmp_path, hostile.turned_photo(), "image/jpeg").size == (20, 40)


@pytest.mark.parametrize("size", [(100, 1_000_000), (1_000_000, 100), (14_400, 14_400)])
def test_a_page_of_any_shape_takes_so_many_pixels_and_no_more(tmp_path, size):
    shown = drawn(tmp_path, hostile.blank_pdf(1, size), "application/pdf")
    assert shown.width * shown.height <= PIXELS_DRAWN * 1.01


@pytest.mark.parametrize("page", [0, 4, -1])
def test_a_page_that_is_not_there_is_none(tmp_path, page):
    with pytest.raises(FileFault):
        drawn(tmp_path, hostile.pdf(3), "application/pdf", page)


# The process


@pytest.mark.parametrize(
    "command",
    [
        (sys.executable, "-c", "print('not json')"),
        (sys.executable, "-c", "print('[]')"),
        (sys.executable, "-c", "import os; os.abort()"),
        (sys.executable, "-c", "import time; time.sleep(60)"),
    ],
    ids=["talks nonsense", "says another thing", "dies", "never ends"],
)
def test_whatever_becomes_of_the_process_the_file_is_refused(tmp_path, monkeypatch, command):
    monkeypatch.setattr(sandbox, "COMMAND", command)
    monkeypatch.setattr(sandbox, "SECONDS_MOST", 1)
    with pytest.raises(FileFault) as refused:
        sandbox.facts_of(written(tmp_path, hostile.picture()))
    assert refused.value.fault is Fault.TOO_HARD


@pytest.mark.parametrize(
    ("deed", "ends"),
    [
        ("bytearray(2 * 1024 ** 3)", "MemoryError"),
        ("open('big', 'wb').write(bytes(64 * 1024 ** 2))", "OSError"),
    ],
    ids=["memory", "disk"],
)
def test_the_process_has_limits(tmp_path, deed, ends):
    code = (
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from tongban.cases.files.worker import shut_in; shut_in();" + deed
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=tmp_path, text=True, check=False
    )
    assert done.returncode != 0
    assert ends in done.stderr


def test_the_process_answers_no_other_question():
    with pytest.raises(SystemExit):
        worker.answer(["delete", "/etc/passwd"])


def test_it_knows_nothing_of_our_keys(tmp_path, monkeypatch):
    """The environment of the server is not its own."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:secret@host/name")
    seen = {}

    def run(command, **options):
        seen.update(options["env"])
        return subprocess.CompletedProcess(command, 1, b"", b"")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(FileFault):
        sandbox.facts_of(tmp_path)
    assert not any("secret" in value for value in seen.values())


# Scanners


def test_the_test_file_of_the_industry_is_found_wherever_it_stands(tmp_path):
    scanner = DevelopmentScanner()
    assert scanner.scan(written(tmp_path, hostile.infected_pdf()))
    for before in (0, 64 * 1024 - 30, 64 * 1024, 200_000):
        assert scanner.scan(written(tmp_path, bytes(before) + EICAR + b"x")), before
    assert scanner.scan(written(tmp_path, hostile.pdf())) == ""


class Clamd(threading.Thread):
    """A daemon that speaks INSTREAM and answers what it was told to."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(daemon=True)
        self.answer, self.got = answer, b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.start()

    def run(self) -> None:
        link, _peer = self.socket.accept()
        with link, link.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            while size := int.from_bytes(stream.read(4), "big"):
                self.got += stream.read(size)
            link.sendall(self.answer)


@pytest.mark.parametrize(
    ("answer", "found"),
    [(b"stream: OK\0", ""), (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", "Win.Test.EICAR_HDB-1")],
)
def test_clamd_is_asked_and_gets_the_whole_file(tmp_path, answer, found):
    daemon, content = Clamd(answer), hostile.pdf(20) * 20
    assert ClamdScanner(daemon.address).scan(written(tmp_path, content)) == found
    assert daemon.got == content


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: hm\0"])
def test_a_scanner_that_does_not_answer_as_it_should_is_down(tmp_path, answer):
    with pytest.raises(ScannerDown):
        ClamdScanner(Clamd(answer).address).scan(written(tmp_path, b"x"))
    with pytest.raises(ScannerDown):
        ClamdScanner(str(tmp_path / "no-socket")).scan(written(tmp_path, b"x"))


# Stores


@pytest.mark.parametrize(
    "make",
    [lambda folder: storage.FolderStore(folder), lambda _: storage.DjangoStore(InMemoryStorage())],
)
def test_every_store_keeps_opens_and_deletes(tmp_path, settings, make):
    settings.TONGBAN_FILES = tmp_path
    store = make(tmp_path)
    for _twice in range(2):
        with storage.received(iter([b"one", b"two"])) as content:
            store.keep(content)
    assert store.open(content.digest).read() == b"onetwo"
    assert not list(tmp_path.glob("*.part"))
    store.delete(content.digest)
    store.delete(content.digest)
    with pytest.raises(FileNotFoundError):
        store.open(content.digest)


def test_another_store_is_a_matter_of_settings(settings, tmp_path):
    settings.TONGBAN_FILES = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "materials": {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    }
    digest, _size = storage.keep(iter([b"content"]))
    assert not storage.path_of(digest).exists()
    assert storage.open_file(digest).read() == b"content"
    with storage.as_path(digest) as path:
        assert path.read_bytes() == b"content"
    assert not path.exists()


# 可信等级


def test_what_somebody_uploads_is_relied_upon_as_the_guide_of_2016_says():
    """国办函〔2016〕108号: A issued, B compared, C uploaded, D made by the person."""
    assert trust_of_upload("form") is Trust.VOUCHED
    assert trust_of_upload("certificate") is trust_of_upload("other") is Trust.UPLOADED
    assert trust_of_upload(None) is Trust.UPLOADED
    assert [level for level in Trust if can_be_verified(level)] == [Trust.UPLOADED]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("other", "照片"), ("other", "照片"), True),
        (("other", "近期照片(一寸)"), ("other", "近期照片 (一寸)"), True),
        (("other", "照片"), ("certificate", "照片"), False),
        (("other", "照片"), ("other", "身份证"), False),
        (("form", "申请表"), ("form", "申请表"), False),
    ],
)
def test_when_two_guides_ask_for_the_same_thing(one, other, same):
    assert same_material(one, other) is same
