"""The witness protocol, answer by answer of C2SP tlog-witness, and the log that asks."""

from __future__ import annotations

import base64
import contextlib
import threading
from hashlib import sha256

import pytest
import requests

from tests.conftest import AT
from tests.ledger.building import Served, log_of, vkeys, write
from tongban.base.checkpoints import checkpoint_text
from tongban.base.merkle import EMPTY_ROOT
from tongban.base.note_keys import WITNESS_SIGNERS, Ed25519Signer, new_secret, verifier_of
from tongban.base.notes import open_note, sign_note
from tongban.ledger.integrating import integrate
from tongban.ledger.models import Cosignature
from tongban.ledger.policies import PolicyError, parse_policy
from tongban.ledger.publishing import latest_published
from tongban.ledger.selectors import consistency_of, note_of
from tongban.ledger.tiles import extend, root_of_tiles
from tongban.ledger.witness import BODY_MOST, Witness, parse_request, server
from tongban.ledger.witnessing import ask_witnesses

LEAVES = [sha256(b"\0%d" % number).digest() for number in range(40)]
LOG = Ed25519Signer("log.example/ledger", new_secret())


def root(size: int) -> bytes:
    built: dict[tuple[int, int], bytes] = {}
    extend(built, 0, LEAVES[:size])
    return root_of_tiles(built, size) if size else EMPTY_ROOT


def proof(size1: int, size2: int) -> list[bytes]:
    from tongban.base.merkle import consistency_proof

    return consistency_proof(size1, LEAVES[:size2])


def request(old: int, size: int, *, hashes=None, signer=LOG, root_hash=None) -> bytes:
    text = checkpoint_text(signer.name, size, root_hash or root(size))
    lines = proof(old, size) if hashes is None else hashes
    encoded = "".join(f"{base64.b64encode(one).decode()}\n" for one in lines)
    return f"old {old}\n{encoded}\n{sign_note(text, [signer])}".encode()


@pytest.fixture(params=["ed25519", "ml-dsa-44"])
def witness(request, tmp_path) -> Witness:
    signer = WITNESS_SIGNERS[request.param]("w.example/1", new_secret(), lambda: 1_700_000_000)
    return Witness([signer], [LOG.verifier()], tmp_path / "state")


def test_the_example_of_the_specification_is_read():
    body = (
        "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
        "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\nexample.com/behind-the-sofa\n20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— a b\n"
    )
    found = parse_request(body.encode())
    assert (found.old, len(found.proof)) == (20_852_014, 2)
    assert found.note.startswith("example.com/behind-the-sofa\n20852163\n")


def test_it_signs_what_extends_what_it_signed(witness):
    for old, size in ((0, 5), (5, 5), (5, 31), (31, 40)):
        answer = witness.add_checkpoint(request(old, size))
        assert answer.status == 200, answer.body
        text = checkpoint_text(LOG.name, size, root(size))
        open_note(f"{text}\n{answer.body}", [witness.signers[0].verifier()])
    kept = witness.checkpoint(sha256(LOG.name.encode()).hexdigest())
    text, signatures = open_note(kept.body, [witness.signers[0].verifier(), LOG.verifier()])
    assert text.split("\n")[1] == "40"
    assert {one.name for one in signatures} == {"w.example/1", "log.example/ledger"}


def test_it_answers_as_the_specification_says(witness):
    stranger = Ed25519Signer("other.example/log", new_secret())
    forger = Ed25519Signer(LOG.name, new_secret())
    cases = [
        (b"", 400), (b"old x\n\n", 400), (b"\xff", 400), (b"old 00\n\nx", 400),
        (b"old 0\n!!\n\n" + request(0, 5).partition(b"\n\n")[2], 400),
        (request(0, 5, signer=stranger), 404),
        (request(0, 5, signer=forger), 403),
        (request(0, 5).replace(b"\n5\n", b"\n6\n"), 403),  # The signature does not hold.
        (request(7, 5, hashes=[]), 400),
        (request(3, 5), 409),
        (request(0, 5, hashes=[LEAVES[0]]), 422),
        (request(0, 0, root_hash=LEAVES[0]), 422),
        (b"old 0\n" + b"A" * 43 + b"=\n" * 64 + b"\n" + request(0, 5), 400),
    ]  # fmt: skip
    for body, status in cases:
        answer = witness.add_checkpoint(body)
        assert answer.status == status, (body[:60], answer)
    assert witness.checkpoint("0" * 64).status == 404


def test_it_never_signs_a_second_history(witness):
    assert witness.add_checkpoint(request(0, 5)).status == 200
    assert witness.add_checkpoint(request(5, 5, root_hash=LEAVES[1])).status == 422
    assert witness.add_checkpoint(request(5, 9, root_hash=LEAVES[1])).status == 422
    assert witness.add_checkpoint(request(5, 9, hashes=[])).status == 422
    answer = witness.add_checkpoint(request(0, 3))
    assert (answer.status, answer.body, answer.kind) == (409, "5\n", "text/x.tlog.size")


def test_what_it_signed_outlives_it(witness):
    witness.add_checkpoint(request(0, 5))
    again = Witness(witness.signers, [LOG.verifier()], witness.folder)
    assert again.add_checkpoint(request(0, 9)).status == 409
    assert again.add_checkpoint(request(5, 9)).status == 200


def test_of_many_at_once_none_rolls_it_back(witness):
    witness.add_checkpoint(request(0, 5))
    bodies = [request(5, size) for size in range(6, 30)]
    answers = []
    threads = [
        threading.Thread(target=lambda b=body: answers.append(witness.add_checkpoint(b).status))
        for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [409] * 23


@contextlib.contextmanager
def running(witness: Witness):
    serving = server(witness, "127.0.0.1", 0)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{serving.server_address[1]}"
    finally:
        serving.shutdown()
        serving.server_close()
        thread.join()


def test_it_speaks_http(witness):
    with running(witness) as url:
        assert requests.post(f"{url}/add-checkpoint", data=request(0, 5)).status_code == 200
        answer = requests.post(f"{url}/add-checkpoint", data=request(0, 9))
        assert (answer.status_code, answer.text) == (409, "5\n")
        assert answer.headers["Content-Type"] == "text/x.tlog.size"
        origin = sha256(LOG.name.encode()).hexdigest()
        assert requests.get(f"{url}/{origin}/checkpoint").text.startswith(LOG.name)
        assert requests.get(f"{url}/../etc/passwd").status_code == 404
        assert requests.post(f"{url}/elsewhere", data=b"x").status_code == 404
        big = requests.post(f"{url}/add-checkpoint", data=b"x" * (BODY_MOST + 1))
        assert big.status_code == 413


# The log that asks


@pytest.fixture
def witnessed(db, settings, tmp_path):
    """A log of 30 and a running witness that its policy names."""
    settings.TONGBAN_LEDGER_POLICY = tmp_path / "witnesses.policy"
    log_of(30)
    signer = WITNESS_SIGNERS["ed25519"]("w.example/1", new_secret(), lambda: 1_700_000_000)
    logs = [verifier_of(one) for one in vkeys()]
    with running(Witness([signer], logs, tmp_path / "state")) as url:
        settings.TONGBAN_LEDGER_POLICY.write_text(
            f"witness w1 {signer.verifier().vkey} {url}\nquorum w1\n"
        )
        yield signer.verifier()


def test_the_log_asks_its_witness_and_shows_its_signature(witnessed, client):
    assert ask_witnesses() == 1
    assert ask_witnesses() == 0
    write(50)
    integrate(at=AT)
    assert ask_witnesses() == 1
    served = client.get("/ledger/checkpoint").content.decode()
    assert served == note_of(latest_published())
    text, (signature,) = open_note(served, [witnessed])
    assert (text.split("\n")[1], signature.name) == ("80", "w.example/1")


def test_a_witness_that_knows_more_than_the_database_is_heard(witnessed, caplog):
    write(10)
    integrate(at=AT)
    ask_witnesses()
    Cosignature.objects.all().delete()
    from tongban.ledger.models import Checkpoint

    Checkpoint.objects.filter(size=40).update(published_at=None)
    assert ask_witnesses() == 0
    assert "was an older backup restored?" in caplog.text


def test_a_lost_note_of_what_was_signed_is_found_again(witnessed):
    ask_witnesses()
    Cosignature.objects.all().delete()
    write(10)
    integrate(at=AT)
    assert ask_witnesses() == 1  # 409 with 30, then the proof from there.
    assert Cosignature.objects.get().checkpoint_id == 40


def test_a_witness_that_is_away_stops_nothing(db, settings, tmp_path, caplog):
    settings.TONGBAN_LEDGER_POLICY = tmp_path / "witnesses.policy"
    log_of(3)
    signer = WITNESS_SIGNERS["ed25519"]("w.example/1", new_secret(), lambda: 1)
    settings.TONGBAN_LEDGER_POLICY.write_text(
        f"witness w1 {signer.verifier().vkey} http://127.0.0.1:9\nquorum none\n"
    )
    assert ask_witnesses() == 0
    assert "w1 did not sign" in caplog.text
    write(1)
    assert integrate(at=AT) == 1


def test_no_policy_asks_nobody_and_a_wrong_one_is_named(db, settings, tmp_path):
    settings.TONGBAN_LEDGER_POLICY = tmp_path / "witnesses.policy"
    log_of(3)
    assert ask_witnesses() == 0
    settings.TONGBAN_LEDGER_POLICY.write_text("witness w1\n")
    with pytest.raises(PolicyError, match=r"witnesses\.policy: line 1"):
        ask_witnesses()


def test_consistency_proofs_of_the_log_are_what_a_witness_asks_for(db, tmp_path):
    log_of(300)
    from tongban.ledger.models import Checkpoint

    first = Checkpoint.objects.get(size=1)
    logs = [verifier_of(one) for one in vkeys()]
    signer = WITNESS_SIGNERS["ml-dsa-44"]("w.example/1", new_secret(), lambda: 5)
    witness = Witness([signer], logs, tmp_path)
    assert witness.add_checkpoint(f"old 0\n\n{first.note}".encode()).status == 200
    lines = "".join(base64.b64encode(one).decode() + "\n" for one in consistency_of(1, 300))
    note = Served().get("checkpoint").decode()
    assert witness.add_checkpoint(f"old 1\n{lines}\n{note}".encode()).status == 200


# Policies


def test_keys_that_end_alike_after_a_plus_are_two_keys():
    """The base64 of a key may hold "+": what stands after the last one is not the key."""
    make = WITNESS_SIGNERS["ed25519"]
    keys: list[str] = []
    while len(keys) < 2:
        vkey = make("w.example", new_secret(), int).verifier().vkey
        if vkey.endswith("+"):
            keys.append(vkey)
    lines = [f"witness W{number} {vkey}" for number, vkey in enumerate(keys)]
    assert len(parse_policy("\n".join([*lines, "quorum none"])).witnesses) == 2


def keys_of(*names: str) -> dict[str, str]:
    make = WITNESS_SIGNERS["ed25519"]
    return {name: make(f"{name}.example", new_secret(), int).verifier().vkey for name in names}


def test_the_example_of_the_policy_specification_counts_as_it_says():
    vkeys = keys_of("X1", "X2", "X3", "Y1", "Y2", "Y3")
    text = f"""
    # comment
    log {LOG.verifier().vkey}
    \twitness X1 {vkeys["X1"]}
    witness X2 {vkeys["X2"]} https://x2.example
    witness X3 {vkeys["X3"]}
    group X-witnesses 2 X1 X2 X3
    witness Y1 {vkeys["Y1"]}
    witness Y2 {vkeys["Y2"]}
    witness Y3 {vkeys["Y3"]}
    group Y-witnesses any Y1 Y2 Y3
    group X-and-Y all X-witnesses Y-witnesses
    quorum X-and-Y
    """
    policy = parse_policy(text)

    def met(*names: str) -> bool:
        return policy.is_met({vkeys[name] for name in names})

    assert met("X1", "X3", "Y2")
    assert met("X1", "X2", "X3", "Y1", "Y2", "Y3")
    assert not met("X1", "Y1")
    assert not met("X1", "X2", "X3")
    assert not met("Y1", "Y2", "Y3")
    assert not met()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no quorum"),
        ("quorum none\nquorum none", "line 2: a second quorum"),
        ("quorum w1", "line 1"),
        ("what is this\nquorum none", "line 1: 'what' is not known"),
        ("witness none {w}\nquorum none", "taken"),
        ("witness w1 {w}\nwitness w2 {w}\nquorum none", "line 2: the same key"),
        ("witness w1 {log}\nquorum none", "not one of a witness"),
        ("witness w1 nonsense\nquorum none", "not a verifier key"),
        ("log {log}\nlog {log}\nquorum none", "the same key"),
        ("group g all\nquorum g", "a group is"),
        ("witness w1 {w}\ngroup g 2 w1\nquorum g", "2 of 1"),
        ("witness w1 {w}\ngroup g 0 w1\nquorum g", "0 of 1"),
        ("witness w1 {w}\ngroup g x w1\nquorum g", "line 2"),
        ("group g all w1\nquorum g", "not defined"),
        ("witness w1 {w}\ngroup g all w1\ngroup h all w1\nquorum g", "a member once"),
        ("witness w1 {w} a b\nquorum none", "a witness is"),
        ("log\nquorum none", "a log is"),
        ("\n" * 1_001, "at most"),
    ],
)
def test_a_policy_that_can_not_be_read_names_its_line(text, said):
    text = text.replace("{w}", keys_of("w")["w"]).replace("{log}", LOG.verifier().vkey)
    with pytest.raises(PolicyError, match=said):
        parse_policy(text)
