"""Prints the licence texts of everything that is linked into the binary: their licences ask for it.

usage: python3 deploy/notices.py TARGET_TRIPLE > THIRD-PARTY-NOTICES.txt
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = ("license", "licence", "copying", "notice", "unlicense")


def texts(folder):
    """The licence files that a package ships, those of its parts (fonts, say) among them."""
    for file in sorted(folder.rglob("*")):
        own = "node_modules" not in file.relative_to(folder).parts
        if own and file.name.lower().startswith(NAMES) and file.suffix in ("", ".md", ".txt") and file.is_file():
            yield file.read_text(encoding="utf-8", errors="replace").strip()


def crates(target):
    """Name, version, licence and folder of each crate that is linked in; build scripts and macros are not."""
    command = ["cargo", "metadata", "--locked", "--format-version=1", f"--filter-platform={target}"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    own = metadata["resolve"]["root"]
    seen, waiting = set(), [own]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        for dependency in nodes[node]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    for package in sorted((packages[node] for node in seen - {own}), key=lambda it: it["name"]):
        if not any("proc-macro" in target["kind"] for target in package["targets"]):
            yield package["name"], package["version"], package["license"], pathlib.Path(package["manifest_path"]).parent


def modules():
    """The same of the packages whose code is in the dashboard's files."""
    dashboard = ROOT / "dashboard"
    lock = dashboard / "package-lock.json"
    if not lock.exists():
        return
    for path, package in sorted(json.loads(lock.read_text())["packages"].items()):
        folder = dashboard / path
        if path and not package.get("dev") and folder.is_dir():
            name = path.rpartition("node_modules/")[2]
            yield name, package["version"], package.get("license", "see below"), folder


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("compose-relay contains the following works of others, under their licences. The texts follow the list.\n")
    owners = {}
    for name, version, licence, folder in [*crates(sys.argv[1]), *modules()]:
        found = list(texts(folder))
        print(f"{name} {version} ({licence})" + ("" if found else ": the package ships no text of it"))
        for text in found:
            owners.setdefault(text, []).append(name)
    for text, names in owners.items():
        print(f"\n{'=' * 100}\nOf: {', '.join(dict.fromkeys(names))}\n\n{text}")


main()
