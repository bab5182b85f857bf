"""WEBHOOK_SECRET=whsec_… python webhook_receiver.py 8001: keeps a copy of each live blog, and prints it."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
copies = {}


def take(change, blog, update):
    copy = copies.get(blog["slug"], {"blog": blog, "updates": {}})
    if blog["status"] == "withdrawn":
        copies.pop(blog["slug"], None)  # and all that was made of it
    elif blog["number"] >= copy["blog"]["number"]:  # else it was overtaken
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
            take(**event["data"])
            print(json.dumps(copies), flush=True)
        self.send_response(204)
        return self.end_headers()


HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
