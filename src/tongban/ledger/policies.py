"""Whom to believe: logs, witnesses and how many of them (C2SP tlog-policy). Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from tongban.base.note_keys import NoteVerifier, verifier_of
from tongban.base.notes import NoteError

LINES_MOST = 1_000


class PolicyError(ValueError):
    """A policy file that can't be read; the message names the line."""


@dataclass(frozen=True)
class Witness:
    name: str
    verifier: NoteVerifier
    url: str | None


@dataclass(frozen=True)
class Group:
    """`needed` of the members, each a witness or a group."""

    needed: int
    members: tuple[str, ...]


@dataclass
class Policy:
    logs: list[NoteVerifier] = field(default_factory=list)
    witnesses: dict[str, Witness] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = "none"

    def is_met(self, cosigned: Collection[str]) -> bool:
        """Whether the witnesses whose verifier keys are given are enough."""
        return self.quorum == "none" or self._met(self.quorum, cosigned)

    def _met(self, name: str, cosigned: Collection[str]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name].verifier.vkey in cosigned
        group = self.groups[name]
        return sum(self._met(one, cosigned) for one in group.members) >= group.needed


def parse_policy(text: str) -> Policy:
    """Read a policy file. Raises PolicyError with the number of the line and what is wrong."""
    policy, said, keys = Policy(), False, set[str]()
    lines = text.split("\n")
    if len(lines) > LINES_MOST:
        raise PolicyError(f"a policy has at most {LINES_MOST} lines")
    for number, line in enumerate(lines, start=1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            if words[0] == "quorum":
                if said:
                    raise PolicyError("a second quorum")
                said = True
                (policy.quorum,) = words[1:]
                _check_known(policy, [policy.quorum] if policy.quorum != "none" else [])
            else:
                _READERS[words[0]](policy, words[1:], keys)
        except KeyError:
            raise PolicyError(f"line {number}: {words[0]!r} is not known") from None
        except (ValueError, NoteError) as problem:
            raise PolicyError(f"line {number}: {problem}") from None
    if not said:
        raise PolicyError("the policy names no quorum")
    return policy


def _check_known(policy: Policy, names: Collection[str]) -> None:
    for name in names:
        if name not in policy.witnesses and name not in policy.groups:
            raise PolicyError(f"{name!r} is not defined above")


def _check_new(policy: Policy, name: str) -> None:
    if name == "none" or name in policy.witnesses or name in policy.groups:
        raise PolicyError(f"{name!r} is taken")


def _key(vkey: str, keys: set[str]) -> NoteVerifier:
    verifier = verifier_of(vkey)
    raw = vkey.split("+", 2)[2]  # The base64 part may hold "+" itself.
    if raw in keys:
        raise PolicyError("the same key stands above")
    keys.add(raw)
    return verifier


def _read_log(policy: Policy, words: list[str], keys: set[str]) -> None:
    if not 1 <= len(words) <= 2:
        raise PolicyError("a log is `log VKEY [URL]`")
    policy.logs.append(_key(words[0], keys))


def _read_witness(policy: Policy, words: list[str], keys: set[str]) -> None:
    if not 2 <= len(words) <= 3:
        raise PolicyError("a witness is `witness NAME VKEY [URL]`")
    _check_new(policy, words[0])
    verifier = _key(words[1], keys)
    if not verifier.timed:
        raise PolicyError("the key is not one of a witness")
    url = words[2].rstrip("/") if len(words) == 3 else None
    policy.witnesses[words[0]] = Witness(words[0], verifier, url)


def _read_group(policy: Policy, words: list[str], _keys: set[str]) -> None:
    if len(words) < 3:
        raise PolicyError("a group is `group NAME all|any|NUMBER MEMBER…`")
    name, count, *members = words
    _check_new(policy, name)
    _check_known(policy, members)
    used = [one for group in policy.groups.values() for one in group.members]
    if len(set(members)) != len(members) or set(members) & set(used):
        raise PolicyError("a name is a member once")
    needed = {"all": len(members), "any": 1}.get(count) or int(count)
    if not 1 <= needed <= len(members):
        raise PolicyError(f"{needed} of {len(members)} members")
    policy.groups[name] = Group(needed, tuple(members))


_READERS: Mapping[str, Callable[[Policy, list[str], set[str]], None]] = {
    "log": _read_log,
    "witness": _read_witness,
    "group": _read_group,
}
