"""Refuses a dependency whose licence is not on the list below. Reads `cargo metadata`."""
import json
import re
import sys

ALLOWED = {
    "MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "Unicode-3.0", "Unicode-DFS-2016",
    "CC0-1.0", "0BSD", "BSL-1.0", "Unlicense", "CDLA-Permissive-2.0", "MPL-2.0", "Apache-2.0 WITH LLVM-exception",
}


def holds(expression: str) -> bool:
    """An SPDX expression holds when some choice of its `OR`s uses allowed licences only."""
    expression = expression.replace("/", " OR ")
    tokens = re.findall(r"\(|\)|\bAND\b|\bOR\b|[A-Za-z0-9.+-]+(?: WITH [A-Za-z0-9.-]+)?", expression)

    def either(at):
        value, at = both(at)
        while at < len(tokens) and tokens[at] == "OR":
            other, at = both(at + 1)
            value = value or other
        return value, at

    def both(at):
        value, at = one(at)
        while at < len(tokens) and tokens[at] == "AND":
            other, at = one(at + 1)
            value = value and other
        return value, at

    def one(at):
        if tokens[at] == "(":
            value, at = either(at + 1)
            return value, at + 1
        return tokens[at] in ALLOWED, at + 1

    return either(0)[0]


def main() -> None:
    packages = json.load(open(sys.argv[1]))["packages"]
    refused = []
    for package in packages:
        if package["source"] is None:
            continue
        if package["source"].startswith("git+"):
            refused.append(f"{package['name']} {package['version']}: comes from a repository, not a registry")
        elif not package["license"] or not holds(package["license"]):
            refused.append(f"{package['name']} {package['version']}: licence {package['license']!r} is not on the list")
    for line in refused:
        print(line, file=sys.stderr)
    print(f"{len(packages)} packages read, {len(refused)} refused")
    sys.exit(bool(refused))


main()
