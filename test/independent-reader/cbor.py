"""The part of CBOR (RFC 8949) that onewal's own records are made of. Whatever else is refused."""

from limits import MAX_INTEGER, MAX_NESTING

UNSIGNED, BYTES, TEXT, ARRAY, MAP, SIMPLE = 0, 2, 3, 4, 5, 7
_SIMPLE_VALUES = {20: False, 21: True, 22: None}


class NotCbor(Exception):
    pass


def decode(data):
    value, end = _value(data, 0, 1)
    if end != len(data):
        raise NotCbor("bytes after the value")
    return value


def _head(data, at):
    """Major type, argument and where the head ends; the argument takes its shortest form."""
    if at >= len(data):
        raise NotCbor("it ends early")
    major, short = data[at] >> 5, data[at] & 31
    if short < 24:
        return major, short, at + 1
    if short > 27:
        raise NotCbor("an indefinite length")
    size = 1 << short - 24
    end = at + 1 + size
    if end > len(data):
        raise NotCbor("it ends early")
    argument = int.from_bytes(data[at + 1 : end], "big")
    if major == SIMPLE:
        raise NotCbor("a floating-point number or a simple value")
    if argument < (24 if size == 1 else 1 << size * 4):
        raise NotCbor("an integer or length that is not in its shortest form")
    return major, argument, end


def _value(data, at, depth):
    major, argument, at = _head(data, at)
    if major == UNSIGNED:
        if argument > MAX_INTEGER:
            raise NotCbor("an integer above 2^53 - 1")
        return argument, at
    if major == BYTES or major == TEXT:
        end = at + argument
        if end > len(data):
            raise NotCbor("it ends early")
        return _text(data[at:end]) if major == TEXT else data[at:end], end
    if major == ARRAY or major == MAP:
        if depth > MAX_NESTING:
            raise NotCbor("nested too deep")
        return (_array if major == ARRAY else _map)(data, argument, at, depth)
    if major == SIMPLE and argument in _SIMPLE_VALUES:
        return _SIMPLE_VALUES[argument], at
    raise NotCbor("a negative integer, a tag or a simple value")


def _text(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotCbor("text that is not UTF-8") from None


def _array(data, count, at, depth):
    items = []
    for _ in range(count):
        item, at = _value(data, at, depth + 1)
        items.append(item)
    return items, at


def _map(data, count, at, depth):
    fields, before = {}, b""
    for _ in range(count):
        start = at
        key, at = _value(data, at, depth + 1)
        if not isinstance(key, str):
            raise NotCbor("a key that is not text")
        if data[start:at] <= before:
            raise NotCbor("keys out of order")
        before = data[start:at]
        fields[key], at = _value(data, at, depth + 1)
    return fields, at


def encode(value):
    """Arrays of text and byte strings are all that a reader has to write, to hash them."""
    if isinstance(value, str):
        encoded = value.encode("utf-8")
        return _encoded_head(TEXT, len(encoded)) + encoded
    if isinstance(value, bytes):
        return _encoded_head(BYTES, len(value)) + value
    return _encoded_head(ARRAY, len(value)) + b"".join(map(encode, value))


def _encoded_head(major, argument):
    if argument < 24:
        return bytes([major << 5 | argument])
    for short, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << size * 8:
            return bytes([major << 5 | short]) + argument.to_bytes(size, "big")
    raise ValueError(argument)
