"""A partner's copy of each live blog, built from webhook bodies by the rules of docs/webhooks.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Replica:
    """Payloads of live blogs by slug, and of their updates by slug and id."""

    blogs: dict[str, dict[str, Any]] = field(default_factory=dict)
    updates: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)

    def apply(self, body: dict[str, Any]) -> None:
        blog, update = body["data"]["blog"], body["data"]["update"]
        slug = blog["slug"]
        if blog["status"] == "withdrawn":
            self.blogs.pop(slug, None)
            self.updates.pop(slug, None)
            return
        self.blogs[slug] = blog
        updates = self.updates.setdefault(slug, {})
        if update and update["status"] == "unpublished":
            updates.pop(update["id"], None)
        elif update:
            updates[update["id"]] = update

    def orders(self, slug: str) -> list[str]:
        """Return the sort keys of a live blog's updates, newest first, as its page lists them."""
        return sorted((update["order"] for update in self.updates.get(slug, {}).values()), reverse=True)
