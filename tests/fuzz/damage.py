"""Ways to damage a bundle, from single bits to archives that were made to hurt."""

from __future__ import annotations

import json
import random
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any

Files = Mapping[str, bytes]
# Gives the bytes of an archive, from the files of a sound bundle.
Damage = Callable[[random.Random, Files], bytes]

STRANGE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**63,
    10**400,
    -0.0,
    1e308,
    -1e308,
    5e-324,
    float("nan"),
    float("inf"),
    "",
    "x",
    "NaN",
    "\ud800",
    "a" * 10_000,
    [],
    {},
    [None],
    [[]],
    {"double": 1.0},
    ["n0", "n0"],
    ["../n0"],
)
HOSTILE_NAMES = (
    "../root/model.json",
    "/etc/passwd",
    "root/../../x",
    "root\\model.json",
    "C:/x",
    "root//model.json",
    "\x00",
    "./bundle.json",
    "root/",
    "bundle.json/x",
    "BUNDLE.JSON",
    "root/model.json",
    "a/" * 2_000 + "x",
    "\u202e.json",
)


def packed(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Put files into an archive."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _archive(entries: Iterable[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    """Write entries one after another, whatever they are called."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        # A name that comes twice is what some of this is about.
        warnings.simplefilter("ignore", UserWarning)
        for entry, content in entries:
            archive.writestr(entry, content)
    return buffer.getvalue()


def flip_bits(chance: random.Random, files: Files) -> bytes:
    """Flip a few bits anywhere, stored or compressed."""
    whole = bytearray(packed(files, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))))
    for _ in range(chance.choice((1, 2, 8, 64))):
        whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
    return bytes(whole)


def flip_in_directory(chance: random.Random, files: Files) -> bytes:
    """Change bytes of the archive's directory, where names, sizes and offsets stand."""
    whole = bytearray(packed(files, zipfile.ZIP_STORED))
    start = whole.index(b"PK\x01\x02")
    for _ in range(chance.choice((1, 2, 8))):
        whole[chance.randrange(start, len(whole))] = chance.choice((0, 1, 0xFF, chance.randrange(256)))
    return bytes(whole)


def cut(chance: random.Random, files: Files) -> bytes:
    """Cut an end off, or something out of the middle, or say it twice."""
    whole = packed(files)
    start, end = sorted(chance.randrange(len(whole) + 1) for _ in range(2))
    return chance.choice(
        (whole[:start], whole[start:], whole[:start] + whole[end:], whole[:end] + whole[start:])
    )


def shuffle_entries(chance: random.Random, files: Files) -> bytes:
    """Leave entries out, write them twice, or swap what they hold."""
    entries = list(files.items())
    for _ in range(chance.choice((1, 1, 2, 4))):
        first, second = chance.randrange(len(entries)), chance.randrange(len(entries))
        match chance.randrange(3):
            case 0 if len(entries) > 1:
                del entries[first]
            case 1:
                entries.append((entries[first][0], entries[second % len(entries)][1]))
            case _:
                second %= len(entries)
                first %= len(entries)
                (a, x), (b, y) = entries[first], entries[second]
                entries[first], entries[second] = (a, y), (b, x)
    return _archive((zipfile.ZipInfo(name), content) for name, content in entries)


def rename(chance: random.Random, files: Files) -> bytes:
    """Give an entry a name that leads elsewhere."""
    chosen = chance.choice(sorted(files))
    names = {name: chance.choice(HOSTILE_NAMES) if name == chosen else name for name in files}
    return _archive((zipfile.ZipInfo(names[name]), content) for name, content in files.items())


def disguise(chance: random.Random, files: Files) -> bytes:
    """Make an entry a link, a folder, an encrypted file or one packed by another method."""
    chosen = chance.choice(sorted(files))
    entries = []
    for name, content in files.items():
        entry, held = zipfile.ZipInfo(name), content
        if name == chosen:
            kind = chance.choice((stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR))
            entry.external_attr = (kind | 0o777) << 16
            entry.compress_type = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
            held = chance.choice((content, b"/etc/passwd", b"bundle.json"))
        entries.append((entry, held))
    whole = bytearray(_archive(entries))
    if chance.random() < 0.3:
        # The flag that says that an entry is encrypted.
        whole[whole.index(b"PK\x01\x02") + 8] |= 1
    return bytes(whole)


def bomb(chance: random.Random, files: Files) -> bytes:
    """Pack what unpacks to thousands of times its size, or say so, or less than is there."""
    chosen, size = chance.choice(sorted(files)), chance.choice((1, 40, 300)) << 20
    filler = chance.choice((b" ", b"0", b"[", b'{"a":', b"[],", b"\n", b"\x00"))
    content = filler * (size // len(filler))
    whole = bytearray(packed(dict(files) | {chosen: content}))
    if chance.random() < 0.5:
        entry = whole.rindex(b"PK\x01\x02")
        struct.pack_into("<I", whole, entry + 24, chance.choice((0, 1, 2**31, 2**32 - 1)))
    return bytes(whole)


def swarm(chance: random.Random, files: Files) -> bytes:
    """Write more entries than any model has."""
    many = {f"root/x{number}": b"" for number in range(chance.choice((1_000, 25_000)))}
    return packed(dict(files) | many, zipfile.ZIP_STORED)


def change_values(chance: random.Random, files: Files) -> bytes:
    """Replace, take away or add values of a document by such as it should not have."""
    name = chance.choice([each for each in sorted(files) if each.endswith(".json")])
    lines = files[name].decode().splitlines() or [""]
    number = chance.randrange(len(lines)) if name.endswith("tree.json") else 0
    document = json.loads(lines[number] if name.endswith("tree.json") else files[name])
    for _ in range(chance.choice((1, 1, 2, 3))):
        _change(chance, document)
    text = json.dumps(document)
    changed = "\n".join([*lines[:number], text, *lines[number + 1 :]]) if name.endswith("tree.json") else text
    return packed(dict(files) | {name: changed.encode(errors="surrogatepass")}, zipfile.ZIP_STORED)


def _change(chance: random.Random, document: Any) -> None:
    places = [
        (box, key) for box in _boxes(document) for key in (box if isinstance(box, dict) else range(len(box)))
    ]
    if not places:
        return
    box, key = chance.choice(places)
    match chance.randrange(6):
        case 0:
            del box[key]
        case 1 if isinstance(box[key], list):
            box[key] = box[key] * chance.choice((2, 1_000))
        case 2 if type(box[key]) in (int, float):
            box[key] = box[key] * chance.choice((-1, 2, 10, 1_000_000)) + chance.choice((0, 1))
        case 3:
            other, place = chance.choice(places)
            box[key] = (
                json.loads(json.dumps(other[place])) if place in other or isinstance(other, list) else None
            )
        case _:
            box[key] = chance.choice(STRANGE)


def _boxes(document: Any) -> list[Any]:
    """Every object and list of a document, itself first."""
    found, waiting = [], [document]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list):
            found.append(each)
            waiting += each.values() if isinstance(each, dict) else each
    return found


def change_text(chance: random.Random, files: Files) -> bytes:
    """Break the text of a document: odd tokens, deep nesting, huge numbers, bytes that are no text."""
    name = chance.choice(sorted(files))
    content = bytearray(files[name])
    start = chance.randrange(len(content) + 1)
    deep = chance.choice((100, 1_000, 100_000))
    content[start : start + chance.choice((0, 0, 1, 5))] = chance.choice(
        (
            b"NaN",
            b"Infinity",
            b"-Infinity",
            b"1e999",
            b"9" * 5_000,
            b"[" * deep,
            b'{"a":' * deep,
            b"\xff\xfe",
            b"\xed\xa0\x80",
            b"\x00",
            b'"\\ud800"',
            b"\n",
            b"\xe2\x80\xa8",
            b"\xef\xbb\xbf",
            b"null",
            b"}",
        )
    )
    return packed(dict(files) | {name: bytes(content)}, zipfile.ZIP_STORED)


def nest(chance: random.Random, files: Files) -> bytes:
    """Put the pipeline into pipelines, some of them deeper than any, or listing what stands above them."""
    inner = {
        name.removeprefix("root/"): content for name, content in files.items() if name.startswith("root/")
    }
    depth = chance.choice((1, 2, 30, 31, 32, 33, 60, 400))
    found = {"bundle.json": files["bundle.json"]}
    shape = json.dumps({"name": "p", "shape": {"inputs": [], "outputs": []}}).encode()
    for level in range(depth):
        children = (
            ["p"] if chance.random() < 0.98 else chance.choice((["p", "p"], [".."], ["../p"], ["root"], [""]))
        )
        folder = "root" + "/p.node" * level
        model = {"op": "pipeline", "attributes": {"nodes": {"string": children, "type": "list"}}}
        found |= {f"{folder}/model.json": json.dumps(model).encode(), f"{folder}/node.json": shape}
    found |= {f"root{'/p.node' * depth}/{name}": content for name, content in inner.items()}
    return packed(found, zipfile.ZIP_STORED)


# How often each is done, cheap and fruitful ones more often.
DAMAGES: Mapping[Damage, int] = {
    flip_bits: 10,
    flip_in_directory: 10,
    cut: 6,
    shuffle_entries: 8,
    rename: 6,
    disguise: 5,
    bomb: 2,
    swarm: 1,
    change_values: 40,
    change_text: 10,
    nest: 4,
}
