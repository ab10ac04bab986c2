"""Refuses a dependency below the version that mended a known advisory.

Stands in for an advisory database where none can be reached; the list holds what the project's
own crates were hit by, so a lock file can never fall back behind it.
"""
import json
import sys

FLOOR = {
    "quick-xml": "0.41.0", "ammonia": "4.1.4", "time": "0.3.47", "h2": "0.4.16", "rustls": "0.23.18",
    "rustls-webpki": "0.103.13", "idna": "1.0.0", "bytes": "1.11.1", "tokio": "1.44.2", "crossbeam-channel": "0.5.15",
    "lru": "0.18.2", "regex": "1.5.5", "hickory-proto": "0.26.1",
}
BANNED = {"serde_yml", "yaml-rust", "serde_yaml"}


def version(text):
    return tuple(int(part) for part in text.split("+")[0].split("-")[0].split("."))


def main() -> None:
    packages = json.load(open(sys.argv[1]))["packages"]
    found = [
        f"{p['name']} {p['version']} is below {FLOOR[p['name']]}"
        for p in packages
        if p["name"] in FLOOR and version(p["version"]) < version(FLOOR[p["name"]])
    ]
    found += [f"{p['name']} is not to be used" for p in packages if p["name"] in BANNED]
    for line in found:
        print(line, file=sys.stderr)
    print(f"{len(packages)} packages held against {len(FLOOR)} floors, {len(found)} below")
    sys.exit(bool(found))


main()
