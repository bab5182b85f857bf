"""A receiver that keeps and prints live blogs: WEBHOOK_SECRET=whsec_… python3 webhook_receiver.py 8001.

Python 3.11, no dependencies.
"""

import base64
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

secret = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
copies = {}


def is_signed(headers, body):
    """Verify a signature as https://www.standardwebhooks.com/ says; refuse requests that are old."""
    sent_at = headers.get("webhook-timestamp", "")
    if not sent_at.isdecimal() or abs(time.time() - int(sent_at)) > 300:
        return False
    signed = f"{headers['webhook-id']}.{sent_at}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    signatures = headers.get("webhook-signature", "").split()  # two while a secret is being replaced
    return any(hmac.compare_digest(expected.encode(), signature.encode()) for signature in signatures)


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
        if not is_signed(self.headers, body):
            return self.send_error(401)
        event = json.loads(body)
        if event["type"] != "test":
            apply_change(**event["data"])
            print(json.dumps(copies), flush=True)
        self.send_response(204)
        return self.end_headers()


HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
