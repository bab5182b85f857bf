"""Adding entries to the audit log, and checking that none has been changed since.

Each entry holds the SHA-256 of its content and of the entry before it in its chain. There is one chain for
each live blog, and one each for sign-ins, accounts, partners and everything else of the house.

A single chain would need a single lock, held from the entry until the commit: each publication in the
newsroom would wait for every other. A live blog's verbs already hold the row of that blog until they commit,
so a chain for each blog makes nobody wait longer, and entries follow the order of the blog's log. The lock of
a chain is the row of its head. Verbs take it after they have locked the blogs, as the last of their locks, so
they cannot deadlock. Sign-ins have a chain of their own, so that a flood of failures delays nothing else.

A chain shows whether an entry within it was changed or removed. Somebody with write access to the whole
database could recompute a chain, so store the output of `manage.py audit heads` elsewhere:
`manage.py audit verify --heads FILE` detects that as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser, User
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog.audit import origin
from liveblog.models import ApiKey, AuditEntry, AuditHead, LiveBlog
from liveblog.models.audit import NO_HASH

SIGN_INS: Final = "sign-ins"
ACCOUNTS: Final = "accounts"
PARTNERS: Final = "partners"
HOUSE: Final = "house"
# The actor of commands and schedules, where no verb names one.
SYSTEM: Final = object()
_LONGEST_NAME: Final = 250


@transaction.atomic(savepoint=False)
def record(
    action: str,
    *,
    by: object,
    blog: LiveBlog | None = None,
    subject: models.Model | None = None,
    chain: str = HOUSE,
    door: AuditEntry.Door | None = None,
    **details: Any,
) -> AuditEntry:
    """Add an entry in the transaction of the action that it records. With `blog`, it joins that blog's chain.

    Call this after all rows have been locked. `details` must be JSON without an update's text or a secret:
    nothing can ever be removed from the log, but a court may order text to be erased.
    """
    chain = f"blog {blog.pk}" if blog else chain
    here = origin.current()
    kind, pk, name = _actor(by)
    head, _is_new = AuditHead.objects.select_for_update().get_or_create(chain=chain)
    entry = AuditEntry(
        chain=chain,
        position=head.position + 1,
        at=timezone.now(),
        by_kind=kind,
        by_id=pk,
        by_name=name,
        door=door or here.door,
        address=here.address,
        action=action,
        subject_kind=(subject._meta.model_name or "") if subject else "",
        subject_id=str(subject.pk) if subject else "",
        subject_name=_name_of(subject) if subject else "",
        blog=blog,
        details=details,
        previous_hash=head.hash,
    )
    entry.hash = entry.computed_hash()
    entry.save()
    head.position, head.hash = entry.position, entry.hash
    head.save(update_fields=["position", "hash"])
    return entry


def _actor(by: object) -> tuple[AuditEntry.By, int | None, str]:
    """Return the kind, id and name of an actor: a person, an API key, nobody (None), or the system."""
    match by:
        case User():
            return AuditEntry.By.PERSON, by.pk, by.get_username()
        case ApiKey():
            return AuditEntry.By.KEY, by.pk, f"{by.partner} {by}"[:_LONGEST_NAME]
        case None | AnonymousUser():
            return AuditEntry.By.NOBODY, None, ""
    return AuditEntry.By.SYSTEM, None, ""


def _name_of(subject: models.Model) -> str:
    """Return a name without text of the coverage, which might have to be erased."""
    match subject:
        case LiveBlog():
            return subject.slug
        case User() | ApiKey():
            return str(subject)[:_LONGEST_NAME]
    return str(subject)[:_LONGEST_NAME] if subject._meta.model_name in _NAMED else ""


# Other models whose names reveal nothing about the coverage.
_NAMED: Final = {"group", "partner", "webhook", "byline", "topic", "copyprofile", "glossaryterm"}


@dataclass(frozen=True)
class Break:
    """The first entry of a chain that is not as it was recorded, or None if it is missing."""

    chain: str
    position: int
    entry_id: int | None
    reason: str

    def __str__(self) -> str:
        entry = _("entry %(id)s") % {"id": self.entry_id} if self.entry_id else _("no entry")
        return f"{self.chain} {self.position} ({entry}): {self.reason}"


def verify(known_heads: Iterable[tuple[str, int, str]] = ()) -> tuple[int, list[Break]]:
    """Check all chains; return the number of entries and the first break of each broken chain, oldest first.

    `known_heads` are chains with a position and hash recorded earlier, which must still match.
    """
    known: dict[str, dict[int, str]] = {}
    for chain, position, digest in known_heads:
        known.setdefault(chain, {})[position] = digest
    heads = {head.chain: head for head in AuditHead.objects.all()}
    chains = heads.keys() | known.keys() | set(AuditEntry.objects.order_by().values_list("chain", flat=True))
    count, breaks = 0, []
    for chain in sorted(chains):
        walk = _Walk(chain, known.get(chain, {}))
        broken = walk.run(heads.get(chain))
        count += walk.count
        breaks += [broken] if broken else []
    return count, sorted(breaks, key=lambda found_break: found_break.entry_id or 0)


class _Walk:
    """A walk along one chain from its first entry."""

    def __init__(self, chain: str, known: dict[int, str]) -> None:
        self.chain, self.known, self.count, self.hash = chain, known, 0, NO_HASH

    def run(self, head: AuditHead | None) -> Break | None:
        for entry in AuditEntry.objects.filter(chain=self.chain).order_by("position").iterator():
            if reason := self._fault_of(entry):
                return Break(self.chain, self.count + 1, entry.pk, reason)
            self.count, self.hash = self.count + 1, entry.hash
        if head is None or (head.position, head.hash) != (self.count, self.hash):
            return Break(self.chain, self.count + 1, None, _("the chain ends before its last entry"))
        if late := [position for position in self.known if position > self.count]:
            return Break(self.chain, min(late), None, _("an entry that was known before is missing"))
        return None

    def _fault_of(self, entry: AuditEntry) -> str:
        """Return why the next entry is not as it was recorded, or an empty string."""
        if entry.position != self.count + 1:
            return _("an entry before it is missing")
        if entry.previous_hash != self.hash:
            return _("it does not follow the entry before it")
        if entry.hash != entry.computed_hash():
            return _("its content was changed")
        if self.known.get(entry.position, entry.hash) != entry.hash:
            return _("it is not the entry that was known before")
        return ""


def heads() -> Iterator[tuple[str, int, str]]:
    """Yield the last position and hash of each chain, to be stored outside of the database."""
    yield from AuditHead.objects.values_list("chain", "position", "hash")
