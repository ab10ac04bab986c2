"""A receiver of webhooks, with the published library: python3 -m pip install standardwebhooks

    FEEDLOOM_KEY=whsec_... python3 receiver.py 9000

Prints a line for each event. The other recipes here build on `serve`.
"""

import json
import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

from standardwebhooks import Webhook, WebhookVerificationError

LONGEST = 4 << 20


class Seen:
    """Ids of messages that were taken. One may come again: its answer was lost, or somebody replays it."""

    def __init__(self, path):
        self.lock = Lock()
        self.file = sqlite3.connect(path, check_same_thread=False)
        self.file.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at INTEGER DEFAULT (unixepoch()))")

    def once(self, id, work):
        """Does the work unless it was done for this id; what fails is not done, and comes again."""
        with self.lock, self.file:
            if self.file.execute("INSERT OR IGNORE INTO seen (id) VALUES (?)", (id,)).rowcount:
                work()
            self.file.execute("DELETE FROM seen WHERE at < unixepoch() - 30 * 86400")


def events(message):
    """The events of a message: one, or those of a batch."""
    return message["data"]["events"] if message["type"] == "batch" else [message]


def serve(port, take, seen="seen.db"):
    """Calls `take` with each event, once. Answer fast: what takes long belongs into a queue."""
    hook, known = Webhook(os.environ["FEEDLOOM_KEY"]), Seen(seen)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length) if length <= LONGEST else b""
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                message = hook.verify(body, headers)
            except WebhookVerificationError:
                return self.answer(401)
            try:
                known.once(headers["webhook-id"], lambda: [take(event) for event in events(message)])
            except Exception as error:
                print(f"not taken, so it comes again: {error}", file=sys.stderr, flush=True)
                return self.answer(503)
            self.answer(204)

        def answer(self, status):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    def show(event):
        print(event["type"], event["data"].get("title", event["data"].get("id")), flush=True)

    serve(int(sys.argv[1]), show)
