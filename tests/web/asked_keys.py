"""Which keys of a form a view asked for: bodies that hold none of them are the empty body to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict

EVERYTHING = "*"
BY_NAME = ("__getitem__", "__contains__", "get", "getlist", "pop", "setdefault")
OTHERWISE = (
    *("__iter__", "__len__", "__eq__", "__or__", "__copy__", "__deepcopy__"),
    *("keys", "values", "items", "lists", "dict", "copy", "urlencode"),
)


def noting(method: str, *, by_name: bool) -> Any:
    inherited = getattr(QueryDict, method)

    def read(self: Noted, *args: Any, **options: Any) -> Any:
        self.asked.add(args[0] if by_name else EVERYTHING)
        return inherited(self, *args, **options)

    return read


class Noted(QueryDict):
    """A form that notes which of its keys are asked for, or that it is read in another way."""

    # Of copies, which are nobody's to watch: copying itself is noted.
    asked: set[str] = set()


for _name in BY_NAME:
    setattr(Noted, _name, noting(_name, by_name=True))
for _name in OTHERWISE:
    setattr(Noted, _name, noting(_name, by_name=False))


@contextmanager
def noted_keys(monkeypatch: Any) -> Iterator[set[str]]:
    """The keys that are asked of forms from here on; `EVERYTHING` for a body that is read as it is."""
    asked: set[str] = set()
    load, body, read = WSGIRequest._load_post_and_files, WSGIRequest.body, WSGIRequest.read

    def noted_load(self: WSGIRequest) -> None:
        self.is_form = True
        load(self)
        self.is_form = False
        filled = Noted(mutable=True, encoding=self._post.encoding)
        filled.asked = set()  # What filling asks is nobody's question.
        for key, values in self._post.lists():
            filled.setlist(key, values)
        filled._mutable = False
        filled.asked = asked
        self._post = filled

    def noted_body(self: WSGIRequest) -> bytes:
        asked.add(EVERYTHING)
        return body.fget(self)

    def noted_read(self: WSGIRequest, *args: Any) -> bytes:
        if not getattr(self, "is_form", False):
            asked.add(EVERYTHING)
        return read(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(WSGIRequest, "_load_post_and_files", noted_load)
        patch.setattr(WSGIRequest, "body", property(noted_body))
        patch.setattr(WSGIRequest, "read", noted_read)
        yield asked
