"""The numbers of the page's "Limits" and the checks of shapes that every record needs."""

MAX_INTEGER = 2**53 - 1
MAX_NESTING = 16
MAX_KEY = 4096
MAX_VALUE = 33_554_432
MAX_MAPS = 4096
MAX_NAME = 255
MAX_BODY = 33_619_968
MAX_BLOCK = 67_108_864
MAX_FOOTER = 16_777_216
MAX_LEVELS = 8
MAX_TOKEN = 64
MAX_TOKENS = 65_536
MAX_FEATURES = 64


def is_integer(value, least=0):
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MAX_INTEGER


def is_bytes(value, size):
    return isinstance(value, bytes) and len(value) == size


def is_name(value):
    return isinstance(value, str) and 1 <= len(value.encode("utf-8")) <= MAX_NAME


def is_token(value):
    return isinstance(value, bytes) and 1 <= len(value) <= MAX_TOKEN


def is_format(value):
    if not isinstance(value, dict):
        return False
    features = [value.get(name) for name in ("compatible", "readOnlyCompatible", "incompatible")]
    return (
        is_integer(value.get("major"))
        and is_integer(value.get("minor"))
        and all(isinstance(names, list) and len(names) <= MAX_FEATURES for names in features)
        and all(isinstance(name, str) for names in features for name in names)
    )


def is_newer(fields):
    """Whether a sound record is of a version this reader does not know. (It knows no features.)"""
    stated = fields.get("format") if isinstance(fields, dict) else None
    return is_format(stated) and (stated["major"] > 1 or stated["incompatible"] != [])
