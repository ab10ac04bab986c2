"""A newsletter tool's inbox: the items of each day in a Markdown file, as they come.

    FEEDLOOM_KEY=whsec_... python3 newsletter.py 9000 drafts/

Subscribe to `events = ["item.published"]`. Whoever wants one item a day instead takes a digest's feed.
"""

import pathlib
import sys

from receiver import serve

folder = pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)


def take(event):
    if event["type"] != "item.published":
        return
    item = event["data"]
    url = item.get("url") or item["_feedloom"]["page"]
    words = item.get("summary") or item.get("content_text") or ""
    with open(folder / f"{event['timestamp'][:10]}.md", "a", encoding="utf-8") as draft:
        draft.write(f"## [{item['title']}]({url})\n\n{words[:300]}\n\n")


serve(int(sys.argv[1]), take, folder / "seen.db")
