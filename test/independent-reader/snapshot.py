"""One snapshot: header, footer, and the entries of its maps with their sequence ids."""

from blake3 import hash32
from cbor import NotCbor, decode, encode
from limits import (
    MAX_FOOTER,
    MAX_INTEGER,
    MAX_MAPS,
    MAX_TOKENS,
    is_bytes,
    is_format,
    is_integer,
    is_name,
    is_newer,
    is_token,
)
from tree import TreeReader, is_root, varint
from verdict import Damaged

MAGIC = b"\x89OWS\r\n\x1a\n"
CLOSING = MAGIC[::-1]
HEADER = 512
TRAILER = 32 + 4 + 8


class Snapshot:
    def __init__(self, name, data):
        self.name = name
        self.data = data
        self.header = _header(data)
        self.footer = _footer(data)
        self.newer = is_newer(self.header) or is_newer(self.footer)
        self.wrong = None if self.newer else self._what_is_wrong()

    @property
    def is_valid(self):
        return not self.newer and self.wrong is None

    @property
    def unfinished(self):
        """A crash cut its writing; else it is damaged, where it is not valid."""
        start = self.data[:8]
        begins = start == MAGIC[: len(start)] or not any(start)
        return begins and self.footer is None and self.data[-8:] != CLOSING

    @property
    def generation(self):
        return self.footer["generation"]

    def _what_is_wrong(self):
        if self.header is None:
            return "the header is damaged"
        if self.footer is None:
            return "there is no sound footer"
        if not _is_footer(self.footer):
            return "the footer has not the fields of one"
        if any(self.header.get(n) != self.footer[n] for n in ("format", "store", "generation", "kind")):
            return "header and footer are not of the same file"
        if self.footer["length"] != len(self.data):
            return "the file has another length than its footer says"
        if root_of(self.footer["maps"]) != self.footer["root"]:
            return "the root is not that of the maps"
        return None

    def entries(self):
        """By the id of each map: its keys, with value (None: deleted) and sequence id."""
        maps = [each for each in self.footer["maps"] if "entries" in each]
        reader = TreeReader(self.name, self.data, self.footer["kind"] == "incremental")
        blocks = {each["id"]: reader.blocks(each["entries"], False) for each in maps}
        found = {}
        for each in maps:
            listed = [
                entry
                for block in reader.blocks(each["sequences"], True)
                for entry in block.entries
            ]
            found[each["id"]] = self._numbered(blocks[each["id"]], listed)
        if reader.next != _footer_offset(self.data):
            raise Damaged(self.name, reader.next, "the footer does not follow the last block")
        return found

    def _numbered(self, blocks, listed):
        offsets = [block.offset.to_bytes(8, "big") for block in blocks]
        if offsets != [key for key, _ in listed]:
            raise Damaged(self.name, blocks[0].offset, "the sequence ids are not those of the blocks")
        numbered = {}
        for block, (_, ids) in zip(blocks, listed):
            numbers = self._ids(ids, block)
            for (key, value), sequence in zip(block.entries, numbers):
                numbered[key] = (value, sequence)
        return numbered

    def _ids(self, encoded, block):
        numbers, at = [], 0
        while at < len(encoded) and (not numbers or numbers[-1] is not None):
            number, at = varint(encoded, at)
            numbers.append(number)
        if len(numbers) != 1 + len(block.entries) or None in numbers or min(numbers[1:]) != 0:
            raise Damaged(self.name, block.offset, "the sequence ids of the block are malformed")
        ids = [numbers[0] + above for above in numbers[1:]]
        if max(ids) > min(self.footer["sequence"], MAX_INTEGER):
            raise Damaged(self.name, block.offset, "a sequence id above that of the snapshot")
        return ids


def root_of(maps):
    """The hash that stands for everything in the trees of entries."""
    named = [
        [
            each["name"],
            each["keyEncoding"],
            each["valueEncoding"],
            each["entries"]["hash"] if "entries" in each else bytes(32),
        ]
        for each in maps
    ]
    return hash32(encode(named))


def _header(data):
    size = int.from_bytes(data[8:12], "little")
    hashed = data[: 12 + size]
    if data[:8] != MAGIC or len(data) < HEADER or 44 + size > HEADER:
        return None
    if hash32(hashed) != data[12 + size : 44 + size] or any(data[44 + size : HEADER]):
        return None
    return _record(hashed[12:])


def _footer_offset(data):
    return len(data) - TRAILER - int.from_bytes(data[-12:-8], "little")


def _footer(data):
    """The footer's map if its hash is right, whatever it says."""
    offset = _footer_offset(data)
    if data[-8:] != CLOSING or offset < HEADER or len(data) - TRAILER - offset > MAX_FOOTER:
        return None
    encoded = data[offset:-TRAILER]
    if hash32(offset.to_bytes(8, "little") + encoded) != data[-TRAILER:-12]:
        return None
    return _record(encoded)


def _record(encoded):
    try:
        fields = decode(encoded)
    except NotCbor:
        return None
    return fields if isinstance(fields, dict) else None


def _is_footer(footer):
    maps, beneath, tokens = (footer.get(n) for n in ("maps", "beneath", "tokens"))
    integers = ("generation", "sequence", "wal", "nextMapId", "length")
    return (
        is_format(footer.get("format"))
        and is_bytes(footer.get("store"), 16)
        and footer.get("kind") in ("full", "incremental")
        and all(is_integer(footer.get(name)) for name in integers)
        and footer["nextMapId"] >= 1
        and is_bytes(footer.get("chain"), 32)
        and is_bytes(footer.get("root"), 32)
        and ("quota" not in footer or is_integer(footer["quota"]))
        and isinstance(maps, list)
        and len(maps) <= MAX_MAPS
        and all(_is_map(each, footer["nextMapId"]) for each in maps)
        and _ascend([each["name"].encode("utf-8") for each in maps])
        and _ascend(sorted(each["id"] for each in maps))
        and _is_beneath(beneath, footer)
        and ("tokens" not in footer or _is_tokens(tokens, footer["sequence"]))
    )


def _ascend(items):
    return all(a < b for a, b in zip(items, items[1:]))


def _is_map(each, next_id):
    if not isinstance(each, dict) or ("entries" in each) != ("sequences" in each):
        return False
    return (
        is_integer(each.get("id"), 1)
        and each["id"] < next_id
        and all(is_name(each.get(name)) for name in ("name", "keyEncoding", "valueEncoding"))
        and ("quota" not in each or is_integer(each["quota"]))
        and is_integer(each.get("count"))
        and is_integer(each.get("bytes"))
        and ("entries" not in each or (is_root(each["entries"]) and is_root(each["sequences"])))
    )


def _is_beneath(beneath, footer):
    if not isinstance(beneath, list) or len(beneath) > 4096:
        return False
    named = all(
        isinstance(each, dict)
        and is_integer(each.get("generation"))
        and is_bytes(each.get("root"), 32)
        for each in beneath
    )
    return named and (beneath == []) == (footer["kind"] == "full")


def _is_tokens(tokens, sequence):
    return (
        isinstance(tokens, list)
        and len(tokens) <= MAX_TOKENS
        and all(
            isinstance(pair, list)
            and len(pair) == 2
            and is_token(pair[0])
            and is_integer(pair[1])
            and pair[1] <= sequence
            for pair in tokens
        )
    )
