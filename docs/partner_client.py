"""A copy of one live blog, kept up to date through the API. Python 3.11, no dependencies.

python partner_client.py https://news.example.com SLUG [KEY]
"""

import json
import sys
import time
import urllib.error
import urllib.request


class LiveBlog:
    """A copy of a live blog. `blog` is None until it is read, and again once it is withdrawn."""

    def __init__(self, site, slug, key=None):
        self.address = f"{site}/api/v1/blogs/{slug}/changes/?after="
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.number, self.blog, self.updates = 0, None, {}

    def catch_up(self):
        """Apply all changes after `number`; return the seconds to wait before the next poll."""
        while True:
            request = urllib.request.Request(self.address + str(self.number), headers=self.headers)
            try:
                with urllib.request.urlopen(request, timeout=30) as response:
                    changes = json.load(response)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code in (429, 503):
                        return int(error.headers.get("Retry-After", 5))
                    if error.code not in (409, 410):
                        raise
                    before, self.number, self.blog, self.updates = self.number, 0, None, {}
                    return self.catch_up() if before else 60  # Start again; only a withdrawal refuses 0.
            for update in changes["updates"]:
                self.updates[update["id"]] = update
                if update["status"] == "unpublished":
                    del self.updates[update["id"]]
            self.blog, self.number = changes["blog"] or self.blog, changes["number"]
            if not changes["has_more"]:
                return 2 if self.blog["status"] == "live" else 60

    def page(self):
        """Return the updates in page order; a withdrawn one has lost its content."""
        for update in self.updates.values():
            update["is_pinned"] = update["id"] == self.blog["pinned"]
        return sorted(self.updates.values(), key=lambda update: update["order"], reverse=True)


if __name__ == "__main__":
    copy = LiveBlog(*sys.argv[1:])
    while True:
        before = copy.number
        wait = copy.catch_up()
        if copy.blog and copy.number != before:
            print(f"── {copy.blog['headline']} ({copy.number})")
            for update in copy.page():
                print(update["happened_at"] or update["happened_on"], update.get("heading", "(withdrawn)"))
        time.sleep(wait)  # The polling interval in seconds, or Retry-After if the server sent it.
