"""A chat room: the title and address of each new item, by the room's own incoming webhook.

    FEEDLOOM_KEY=whsec_... ROOM=https://chat.example.com/hooks/... python3 chat.py 9000

Most rooms take `{"text": "..."}`. What the room does not take comes again, so none is lost; and what
a new source begins with is told to nobody, so none floods it.
"""

import json
import os
import sys
import urllib.request

from receiver import serve


def take(event):
    if event["type"] != "item.published":
        return
    item = event["data"]
    said = json.dumps({"text": f"{item['title']}\n{item.get('url') or item['_feedloom']['page']}"}).encode()
    request = urllib.request.Request(os.environ["ROOM"], said, {"content-type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()


serve(int(sys.argv[1]), take)
