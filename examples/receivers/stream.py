"""A message queue: each event into a Redis stream, from where any number of workers take it.

    FEEDLOOM_KEY=whsec_... python3 stream.py 9000 127.0.0.1:6379 news

Feedloom is answered once the stream has the event. Another queue takes the place of `add`.
"""

import json
import socket
import sys

from receiver import serve

host, port = sys.argv[2].rsplit(":", 1)
stream = sys.argv[3]


def add(*words):
    """One command, as Redis reads it (RESP)."""
    words = [word.encode() for word in words]
    command = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    with socket.create_connection((host, int(port)), timeout=5) as redis:
        redis.sendall(command)
        answer = redis.recv(4096)
    if not answer.startswith(b"$"):
        raise OSError(answer.decode(errors="replace").strip())


def take(event):
    add("XADD", stream, "MAXLEN", "~", "100000", "*", "type", event["type"], "event", json.dumps(event))


serve(int(sys.argv[1]), take)
