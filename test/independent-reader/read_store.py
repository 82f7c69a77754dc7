"""Prints what a onewal store holds, as JSON lines.

    python3 read_store.py DIRECTORY
    python3 read_store.py --many < LIST_OF_DIRECTORIES

The first line is about the store, and each after it about an entry: by the names of the maps, then
by the keys, byte by byte. Exits with 0, with 1 where the store is damaged, with 2 where it cannot
be read otherwise. With `--many` each store's lines come after one that says how it went.
"""

import json
import sys

from store import read_store
from verdict import Damaged, Refused


def lines_of(directory):
    store, opened = read_store(directory)
    state = opened.state
    maps = sorted(state.maps.items(), key=lambda item: item[1].name.encode("utf-8"))
    yield {
        "store": store.hex(),
        "sequence": state.sequence,
        "chain": state.chain.hex(),
        "nextMapId": state.next_map_id,
        "quota": state.quota,
        "maps": [_described(map_id, each) for map_id, each in maps],
        "tokens": [[token.hex(), sequence] for token, sequence in state.tokens.items()],
        "loss": opened.loss,
        "tail": opened.tail,
    }
    for _, each in maps:
        for key in sorted(each.entries):
            value, sequence = each.entries[key]
            yield {"map": each.name, "key": key.hex(), "value": value.hex(), "sequence": sequence}


def _described(map_id, each):
    return {
        "name": each.name,
        "id": map_id,
        "keyEncoding": each.key_encoding,
        "valueEncoding": each.value_encoding,
        "quota": each.quota,
        "count": len(each.entries),
        "bytes": each.bytes,
    }


def outcome_of(directory):
    """Exit code, what to say about it, and the lines."""
    try:
        return 0, None, [json.dumps(line, ensure_ascii=False) for line in lines_of(directory)]
    except Damaged as damage:
        return 1, f"damaged: {damage}", []
    except (Refused, OSError) as refusal:
        return 2, f"cannot be read: {refusal}", []


def main(arguments):
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    if arguments == ["--many"]:
        for directory in sys.stdin.read().splitlines():
            code, reason, lines = outcome_of(directory)
            about = {"directory": directory, "exit": code, "reason": reason, "lines": len(lines)}
            print("\n".join([json.dumps(about, ensure_ascii=False), *lines]))
        return 0
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    code, reason, lines = outcome_of(arguments[0])
    if reason is not None:
        print(reason, file=sys.stderr)
    if lines:
        print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
