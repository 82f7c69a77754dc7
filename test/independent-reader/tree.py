"""The trees of a snapshot: blocks, pages, filters. Every byte of every block is held to the page."""

from blake3 import hash32
from limits import MAX_BLOCK, MAX_LEVELS, is_bytes, is_integer
from verdict import Damaged

HEAD, CHECKSUM, UNIT = 12, 16, 32
PAGE_VALUE = 6 + 4 + 4 + 32


class Block:
    """A data block below a tree: where it stands, its keys, and their values (None: deleted)."""

    def __init__(self, offset, entries):
        self.offset = offset
        self.entries = entries


class TreeReader:
    """Walks the trees of a file in the order in which their blocks stand there, without gaps."""

    def __init__(self, name, data, may_delete):
        self.name = name
        self.data = data
        self.next = 512
        self.may_delete = may_delete

    def blocks(self, root, of_sequences):
        """The data blocks below a root."""
        self.of_sequences = of_sequences
        self._last_key = None
        found = []
        self._walk(root, root["height"], found)
        count = sum(len(block.entries) for block in found)
        if count != root["count"]:
            self._fail(root["offset"], "the tree has another number of entries than its root says")
        return found

    def _fail(self, offset, reason):
        raise Damaged(self.name, offset, reason)

    def _walk(self, place, level, found):
        """Appends the data blocks below the block at `place`, children before their page."""
        offset = place["offset"]
        block = self._verified(place, level)
        entries = self._entries(block, offset, level)
        if level == 0:
            self._in_turn(place)
            self._check_order(entries, offset)
            found.append(Block(offset, entries))
            return
        first = len(found)
        for key, value in entries:
            self._walk_child(key, _child(value), level, found)
        self._in_turn(place)
        below = found[first:]
        if sum(len(data.entries) for data in below) != place["count"]:
            self._fail(offset, "the page has another number of entries below it than is named")
        self._check_filter(block, offset, level, below)

    def _walk_child(self, key, child, level, found):
        before, at = self._last_key, len(found)
        self._walk(child, level - 1, found)
        first = found[at].entries[0][0]
        if before is None:
            expected = b""
        else:
            expected = _shortest_between(before, first)
        # A page's own key in the page above it is that of its first entry, so both rules are one.
        if key != expected:
            self._fail(child["offset"], "the page names its child by another key")

    def _in_turn(self, place):
        if place["offset"] != self.next:
            self._fail(place["offset"], f"the block should stand at {self.next}")
        self.next += place["length"]

    def _verified(self, place, level):
        offset, length = place["offset"], place["length"]
        block = self.data[offset : offset + length]
        if len(block) != length or not HEAD + CHECKSUM < length <= MAX_BLOCK:
            self._fail(offset, "the block is not inside the file")
        digest = hash32(offset.to_bytes(8, "little") + block[:-CHECKSUM])
        if digest[:CHECKSUM] != block[-CHECKSUM:]:
            self._fail(offset, "the block's checksum is wrong")
        if digest != place["hash"]:
            self._fail(offset, "the block has another hash than is named")
        if block[4] != level:
            self._fail(offset, "the block is of another level")
        return block

    def _entries(self, block, offset, level):
        size, width = int.from_bytes(block[:4], "little"), block[5]
        units, count = int.from_bytes(block[6:8], "little"), int.from_bytes(block[8:12], "little")
        if width != (2 if size < 65_536 else 4):
            self._fail(offset, "the starts have another width")
        starts_at = HEAD + size
        if count == 0 or starts_at + count * width + units * UNIT + CHECKSUM != len(block):
            self._fail(offset, "the parts of the block do not fill it")
        starts = [
            int.from_bytes(block[at : at + width], "little")
            for at in range(starts_at, starts_at + count * width, width)
        ]
        if starts[0] != 0 or any(b <= a for a, b in zip(starts, starts[1:] + [size])):
            self._fail(offset, "the starts of the entries do not ascend")
        if units > 0 and (level != 1 or self.of_sequences):
            self._fail(offset, "a filter where none belongs")
        body = block[HEAD:starts_at]
        entries = [self._entry(body[a:b], offset) for a, b in zip(starts, starts[1:] + [size])]
        if level > 0 and any(value is None or len(value) != PAGE_VALUE for _, value in entries):
            self._fail(offset, "an entry of a page names no child")
        return entries

    def _entry(self, entry, offset):
        head, at = varint(entry, 0)
        end = at + (head >> 1) if head is not None else len(entry) + 1
        if at > 3 or end > len(entry):
            self._fail(offset, "an entry is longer than its place")
        if head & 1 == 0:
            return entry[at:end], entry[end:]
        if end != len(entry) or self.of_sequences or not self.may_delete:
            self._fail(offset, "a tombstone with a value, or where none belongs")
        return entry[at:end], None

    def _check_order(self, entries, offset):
        for key, _ in entries:
            if self._last_key is not None and key <= self._last_key:
                self._fail(offset, "the keys do not ascend")
            self._last_key = key

    def _check_filter(self, block, offset, level, below):
        if level != 1 or self.of_sequences:
            return
        keys = [key for data in below for key, _ in data.entries]
        expected = filter_of(keys)
        if block[len(block) - CHECKSUM - len(expected) : -CHECKSUM] != expected:
            self._fail(offset, "the filter is not that of the keys below")
        if int.from_bytes(block[6:8], "little") * UNIT != len(expected):
            self._fail(offset, "the filter has another size")


def is_root(value):
    return (
        isinstance(value, dict)
        and all(is_integer(value.get(name)) for name in ("offset", "length", "count", "height"))
        and value["height"] <= MAX_LEVELS
        and is_bytes(value.get("hash"), 32)
    )


def _child(value):
    return {
        "offset": int.from_bytes(value[:6], "little"),
        "length": int.from_bytes(value[6:10], "little"),
        "count": int.from_bytes(value[10:14], "little"),
        "hash": value[14:],
    }


def _shortest_between(before, first):
    """The shortest beginning of `first` that is above `before`."""
    size = 1
    while first[:size] <= before:
        size += 1
    return first[:size]


def varint(data, at):
    """The number and where it ends; None for a number that is cut off or not in its shortest form."""
    value, shift = 0, 0
    while at < len(data) and shift < 56:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (None if byte == 0 and shift > 0 else value), at
        shift += 7
    return None, at


_SALTS = (
    0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D,
    0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31,
)  # fmt: skip


def filter_of(keys):
    units = min(-(-len(keys) * 10 // 256), 65_535)
    words = [0] * (units * 8)
    for key in keys:
        h = murmur3(key)
        m = h * 0x9E3779B1 & 0xFFFFFFFF
        g = m ^ m >> 15
        for i, salt in enumerate(_SALTS):
            words[h % units * 8 + i] |= 1 << ((g * salt & 0xFFFFFFFF) >> 27)
    return b"".join(word.to_bytes(4, "little") for word in words)


def murmur3(data):
    """MurmurHash3_x86_32 with seed 0."""
    h, tail = 0, len(data) & ~3
    for at in range(0, tail, 4):
        h ^= _murmur_mixed(int.from_bytes(data[at : at + 4], "little"))
        h = (h << 13 | h >> 19) & 0xFFFFFFFF
        h = (h * 5 + 0xE6546B64) & 0xFFFFFFFF
    h ^= _murmur_mixed(int.from_bytes(data[tail:], "little")) ^ len(data)
    h = (h ^ h >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return h ^ h >> 16


def _murmur_mixed(k):
    k = k * 0xCC9E2D51 & 0xFFFFFFFF
    k = (k << 15 | k >> 17) & 0xFFFFFFFF
    return k * 0x1B873593 & 0xFFFFFFFF
