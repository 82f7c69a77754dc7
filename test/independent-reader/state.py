"""What a store holds after a commit, and what the operations of the next one do to it."""

from limits import MAX_KEY, MAX_MAPS, MAX_VALUE, is_integer, is_name, is_token
from wal import NO_CHAIN


class Meaningless(Exception):
    """A body whose operations cannot follow the state. Nothing of its commit applies."""


class Map:
    def __init__(self, name, key_encoding, value_encoding, quota=None):
        self.name = name
        self.key_encoding = key_encoding
        self.value_encoding = value_encoding
        self.quota = quota
        self.entries = {}

    @property
    def bytes(self):
        return sum(len(key) + len(value) for key, (value, _) in self.entries.items())


class State:
    def __init__(self):
        self.sequence = 0
        self.chain = NO_CHAIN
        self.next_map_id = 1
        self.quota = None
        self.maps = {}
        self.tokens = {}
        self.acknowledged = set()

    @staticmethod
    def of_footer(footer):
        """The state of a snapshot, as yet without entries."""
        state = State()
        state.sequence = footer["sequence"]
        state.chain = footer["chain"]
        state.next_map_id = footer["nextMapId"]
        state.quota = footer.get("quota")
        for each in footer["maps"]:
            state.maps[each["id"]] = Map(
                each["name"], each["keyEncoding"], each["valueEncoding"], each.get("quota")
            )
        for token, sequence in footer.get("tokens", []):
            state._carry(token, sequence)
        return state

    def apply(self, sequence, operations, chain):
        """Applies a commit. After `Meaningless` the state is of no use any more."""
        for operation in operations:
            if not isinstance(operation, list) or not operation or not is_integer(operation[0]):
                raise Meaningless("an operation is no array that begins with a number")
            known = OPERATIONS.get(operation[0])
            if known is None or len(operation) != known.__code__.co_argcount - 1:
                raise Meaningless(f"an operation {operation[0]} of {len(operation)} items")
            known(self, sequence, *operation[1:])
        self.sequence = sequence
        self.chain = chain

    def _map(self, map_id):
        if not is_integer(map_id) or map_id not in self.maps:
            raise Meaningless(f"there is no map {map_id}")
        return self.maps[map_id]

    def _give_id(self, map_id):
        _require(is_integer(map_id, self.next_map_id), "the id of a map was given before")
        self.next_map_id = map_id + 1

    def _put(self, sequence, map_id, key, value):
        entries = self._map(map_id).entries
        _require(isinstance(key, bytes) and len(key) <= MAX_KEY, "a key of another shape")
        _require(isinstance(value, bytes) and len(value) <= MAX_VALUE, "a value of another shape")
        entries[key] = (value, sequence)

    def _remove(self, _sequence, map_id, key):
        _require(isinstance(key, bytes), "a key of another shape")
        self._map(map_id).entries.pop(key, None)

    def _clear(self, _sequence, map_id, start, end):
        _require(all(b is None or isinstance(b, bytes) for b in (start, end)), "a bound is no key")
        entries = self._map(map_id).entries
        for key in [k for k in entries if (start or b"") <= k and (end is None or k < end)]:
            del entries[key]

    def _define(self, _sequence, map_id, name, key_encoding, value_encoding):
        _require(all(map(is_name, (name, key_encoding, value_encoding))), "a name is too long")
        _require(all(each.name != name for each in self.maps.values()), "the name is not free")
        _require(len(self.maps) < MAX_MAPS, "too many maps")
        self._give_id(map_id)
        self.maps[map_id] = Map(name, key_encoding, value_encoding)

    def _drop(self, _sequence, map_id):
        self._map(map_id)
        del self.maps[map_id]

    def _empty(self, _sequence, map_id, next_id):
        emptied = self._map(map_id)
        self._give_id(next_id)
        del self.maps[map_id]
        emptied.entries = {}
        self.maps[next_id] = emptied

    def _set_quota(self, _sequence, map_id, limit):
        _require(limit is None or is_integer(limit), "a quota is no number")
        bound = self if map_id is None else self._map(map_id)
        bound.quota = limit

    def _acknowledge(self, _sequence, report):
        _require(isinstance(report, str), "the name of a loss report is no text")
        self.acknowledged.add(report)

    def _token(self, sequence, token):
        _require(is_token(token), "a token of another shape")
        self._carry(token, sequence)

    def _carry(self, token, sequence):
        self.tokens.pop(token, None)
        self.tokens[token] = sequence


OPERATIONS = {
    0: State._put,
    1: State._remove,
    2: State._clear,
    3: State._define,
    4: State._drop,
    5: State._empty,
    6: State._set_quota,
    7: State._acknowledge,
    8: State._token,
}


def _require(holds, otherwise):
    if not holds:
        raise Meaningless(otherwise)
