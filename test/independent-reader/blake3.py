"""BLAKE3, plain and keyed, with 32 bytes of output.

Four words of the state make a row, and a row is one integer with 64 bits for each of its words of
32 bits: an addition or a rotation works on four words at once, and what runs over is masked off.
"""

from operator import itemgetter
from struct import Struct

BLOCK = 64
CHUNK = 1024

CHUNK_START, CHUNK_END, PARENT, ROOT, KEYED = 1, 2, 4, 8, 16

IV = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
    0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
)  # fmt: skip

_PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
_WORDS_OF_BLOCK = Struct("<16I")
_WORDS_OF_CHAIN = Struct("<8I")


def _schedule():
    """Which message word is needed where: per round two words for the columns' quarter rounds
    (one row each), then two for the diagonals'."""
    order, places = list(range(16)), []
    for _ in range(7):
        places += order[0:8:2] + order[1:8:2] + order[8:16:2] + order[9:16:2]
        order = [order[place] for place in _PERMUTATION]
    return places


_scheduled = itemgetter(*_schedule())
_pack_scheduled = Struct("<112Q").pack
_ROW_STARTS = range(0, 112 * 8, 32)

_MASK = sum(0xFFFFFFFF << lane * 64 for lane in range(4))
_LANE0 = (1 << 64) - 1
_LANES01 = (1 << 128) - 1
_LANES012 = (1 << 192) - 1


def _row(words):
    return words[0] | words[1] << 64 | words[2] << 128 | words[3] << 192


_IV_ROW = _row(IV)


def _compress(chain, block, counter, flags):
    """The chaining value (two rows) after one block of at most 64 bytes."""
    words = _WORDS_OF_BLOCK.unpack(block if len(block) == BLOCK else block.ljust(BLOCK, b"\0"))
    packed = _pack_scheduled(*_scheduled(words))
    rows = [int.from_bytes(packed[at : at + 32], "little") for at in _ROW_STARTS]
    mask = _MASK
    a, b = chain
    c = _IV_ROW
    d = _row((counter & 0xFFFFFFFF, counter >> 32, len(block), flags))
    for at in range(0, 28, 4):
        a = (a + b + rows[at]) & mask
        d ^= a
        d = (d >> 16 | d << 16) & mask
        c = (c + d) & mask
        b ^= c
        b = (b >> 12 | b << 20) & mask
        a = (a + b + rows[at + 1]) & mask
        d ^= a
        d = (d >> 8 | d << 24) & mask
        c = (c + d) & mask
        b ^= c
        b = (b >> 7 | b << 25) & mask
        # The diagonals become columns.
        b = b >> 64 | (b & _LANE0) << 192
        c = c >> 128 | (c & _LANES01) << 128
        d = d >> 192 | (d & _LANES012) << 64
        a = (a + b + rows[at + 2]) & mask
        d ^= a
        d = (d >> 16 | d << 16) & mask
        c = (c + d) & mask
        b ^= c
        b = (b >> 12 | b << 20) & mask
        a = (a + b + rows[at + 3]) & mask
        d ^= a
        d = (d >> 8 | d << 24) & mask
        c = (c + d) & mask
        b ^= c
        b = (b >> 7 | b << 25) & mask
        b = b >> 192 | (b & _LANES012) << 64
        c = c >> 128 | (c & _LANES01) << 128
        d = d >> 64 | (d & _LANE0) << 192
    return a ^ c, b ^ d


def _bytes_of(chain):
    words = [row >> lane * 64 & 0xFFFFFFFF for row in chain for lane in range(4)]
    return _WORDS_OF_CHAIN.pack(*words)


def _chunk(data, counter, key, flags, last):
    """The chaining value of a chunk; `last` are the flags of its last block."""
    chain, start = key, CHUNK_START
    end = max(len(data) - 1, 0) // BLOCK * BLOCK
    for at in range(0, end, BLOCK):
        chain = _compress(chain, data[at : at + BLOCK], counter, flags | start)
        start = 0
    return _compress(chain, data[end:], counter, flags | start | CHUNK_END | last)


def _subtree(data, counter, key, flags, last):
    """The chaining value of one or more chunks, of which `counter` is the first one's number."""
    if len(data) <= CHUNK:
        return _chunk(data, counter, key, flags, last)
    left = CHUNK  # The largest power of two of chunks that leaves something to the right.
    while left * 2 < len(data):
        left *= 2
    children = _bytes_of(_subtree(data[:left], counter, key, flags, 0)) + _bytes_of(
        _subtree(data[left:], counter + left // CHUNK, key, flags, 0)
    )
    return _compress(key, children, 0, flags | PARENT | last)


def hash32(data):
    return _bytes_of(_subtree(data, 0, (_row(IV[:4]), _row(IV[4:])), 0, ROOT))


def keyed32(key, data):
    words = _WORDS_OF_CHAIN.unpack(key)
    return _bytes_of(_subtree(data, 0, (_row(words[:4]), _row(words[4:])), KEYED, ROOT))
