"""Locks a class's link: a signature says which names of the query learners may change; the others stay as signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import fields
from urllib.parse import urlencode

from glassnet.errors import InputError, unknown_name
from glassnet.playground.frames import to_json
from glassnet.playground.state import State, read_query, settings

NAMES = tuple(each.name for each in fields(State) if each.name != "step")  # the step is time: it is never locked
SIGNED = ("free", "sig")  # the names of a query that make its signature
ALL = "*"  # in `free`: the teacher's link, which leaves every name free


class LockedError(InputError):
    """A query changes a name that its link does not leave free, or has no signature."""


class Lock:
    """Signs links with a secret, and refuses queries that a link does not cover.

    A link holds `free`, the names that may change, and `sig`, the HMAC-SHA256 of `free` and the values of all other names.
    Nothing is remembered, so a link is as good as its secret, also after a restart and on another server.

    Examples
    --------
    >>> lock = Lock(b"secret")
    >>> link = lock.link("data=xor&hidden=4", "seed,rate")
    >>> lock.check(link + "&seed=7&step=100")
    >>> lock.check(link.replace("xor", "moons"))
    Traceback (most recent call last):
    ...
    glassnet.playground.lock.LockedError: link: expected one whose locked settings are as your teacher left them; ...
    """

    def __init__(self, secret: bytes, free: str = "") -> None:
        self._secret = secret
        self.free = _names(free)  # of the link that the command line prints

    def link(self, query: str, free: str) -> str:
        """Return the query with the signature that leaves the names in `free` to its reader."""
        given = {name: value for name, value in read_query(query).items() if name not in SIGNED}
        free = _names(free)
        return urlencode([*given.items(), ("free", free), ("sig", self._signature(given, free))], safe=",:;*")

    def class_link(self, query: str) -> bytes:
        """Return, as JSON for the teacher's page, the link of its run that leaves the names in `lock` free."""
        given = read_query(query)
        self.check_free(query, ALL)
        kept = {name: value for name, value in given.items() if name not in ("lock", "v")}
        return to_json({"query": self.link(urlencode(kept), given.get("lock", ""))})

    def check(self, query: str) -> None:
        """Check a query.

        Raises
        ------
        LockedError
            If it has no valid signature for its locked names.
        """
        given = read_query(query)
        free, signature = given.get("free", ""), given.get("sig", "")
        if not signature:
            raise LockedError(
                "link: expected the one that your teacher gave you; got one without its signature; open that link."
            )
        if not hmac.compare_digest(signature.encode(), self._signature(given, free).encode()):
            raise LockedError(
                "link: expected one whose locked settings are as your teacher left them; got other settings; "
                "open your teacher's link again."
            )

    def check_free(self, query: str, name: str) -> None:
        """Check that a query's link is signed, and leaves `name` free."""
        self.check(query)
        free = read_query(query)["free"].split(",")
        if name not in free and ALL not in free:
            what = "the teacher's link" if name == ALL else f"a link that leaves {name} free"
            raise LockedError(f"link: expected {what}; got another; ask your teacher.")

    def _signature(self, given: Mapping[str, str], free: str) -> str:
        open_names = NAMES if free == ALL else free.split(",")
        held = urlencode([(name, value) for name, value in settings(given).items() if name not in open_names])
        digest = hmac.new(self._secret, f"{free}\n{held}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()


def _names(free: str) -> str:
    """Return the names in a fixed order."""
    names = [name for name in free.split(",") if name]
    if names == [ALL]:
        return ALL
    for name in names:
        if name not in NAMES:
            raise unknown_name("free", name, NAMES)
    return ",".join(name for name in NAMES if name in names)
