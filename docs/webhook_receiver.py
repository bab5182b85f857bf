"""A receiver that keeps and prints live blogs: WEBHOOK_SECRET=whsec_… python webhook_receiver.py 8001."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
copies = {}


def apply_change(change, blog, update):
    copy = copies.get(blog["slug"], {"blog": blog, "updates": {}})
    if blog["status"] == "withdrawn":
        copies.pop(blog["slug"], None)  # also delete everything derived from it
    elif blog["number"] >= copy["blog"]["number"]:  # otherwise a newer change came first
        copies[blog["slug"]] = copy | {"blog": blog}
        if update and update["status"] == "unpublished":
            copy["updates"].pop(update["id"], None)
        elif update:
            copy["updates"][update["id"]] = update


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = webhook.verify(body, {name.lower(): value for name, value in self.headers.items()})
        except WebhookVerificationError:
            return self.send_error(401)
        if event["type"] != "test":
            apply_change(**event["data"])
            print(json.dumps(copies), flush=True)
        self.send_response(204)
        return self.end_headers()


HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
