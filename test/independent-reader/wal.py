"""One WAL: its header, and its frames as far as they can be judged without a state."""

from blake3 import hash32, keyed32
from cbor import NotCbor, decode
from limits import MAX_BODY, MAX_INTEGER, is_bytes, is_format, is_integer, is_newer

MAGIC = b"\x89OWL\r\n\x1a\n"
COPY = 4096
FIRST_FRAME = 2 * COPY

FRAME_MAGIC = b"\x57\xf3"
HEAD, CHECKSUM = 64, 32
COMMIT, PART, SYNC, SWITCH, END = 1, 2, 3, 4, 5
MAY_BE_PASSED_OVER = 0x80

NO_CHAIN = bytes(32)


class Frame:
    """A frame that verifies by itself."""

    def __init__(self, data, offset, end, body):
        self.offset = offset
        self.end = end
        self.body = body
        self.type = data[offset + 2]
        self.flags = data[offset + 3]
        self.sequence = _u64(data, offset + 8)
        self.durable = _u64(data, offset + 16)
        self.previous = data[offset + 24 : offset + 56]
        self.checksum = data[offset + HEAD + len(body) :][:CHECKSUM]
        self.record = None

    @property
    def in_commit(self):
        return self.type in (COMMIT, PART)


class Break:
    """Where the frames stop making sense. `newer` is a sound frame of a type to come."""

    def __init__(self, offset, reason, newer=False, in_place=False):
        self.offset = offset
        self.reason = reason
        self.newer = newer
        self.in_place = in_place


class Wal:
    def __init__(self, name, data):
        self.name = name
        self.data = data
        self.newer = False
        self.header = None
        for at in (0, COPY):
            fields = _copy_at(data, at)
            if fields is None:
                continue
            self.newer = is_newer(fields)
            if self.newer or _is_header(fields):
                self.header = fields
                break
        self._sound = {}
        self.frames, self.broken = [], None
        if self.header is not None and not self.newer:
            self.broken = self._follow()

    @property
    def unfinished(self):
        return self.header is None and len(self.data) <= FIRST_FRAME

    @property
    def generation(self):
        return self.header["generation"]

    @property
    def predecessor(self):
        return self.header.get("predecessor")

    @property
    def base(self):
        """Sequence id and chain that this WAL continues."""
        before = self.predecessor
        return (0, NO_CHAIN) if before is None else (before["sequence"], before["chain"])

    @property
    def is_published(self):
        """Whether this WAL is complete enough to count, or was once and is damaged now."""
        whole = max([self.base[0]] + [f.sequence for f in self.frames if f.type == COMMIT])
        return whole >= self.header["publishedAt"] or self.watermark > whole

    @property
    def watermark(self):
        return max([self.base[0]] + [frame.durable for frame in self.all_sound_frames()])

    def all_sound_frames(self):
        """Those in their place, and those that verify by themselves behind the break."""
        if self.broken is None:
            return self.frames
        at, behind = self.broken.offset, []
        while (at := self.data.find(FRAME_MAGIC, at)) >= 0:
            if at % 8 == 0 and isinstance(frame := self.frame_at(at), Frame):
                behind.append(frame)
            at += 1
        return self.frames + behind

    def frame_at(self, offset):
        """The frame if it verifies by itself, else what is wrong with it."""
        if offset not in self._sound:
            self._sound[offset] = self._verify(offset)
        return self._sound[offset]

    def _verify(self, offset):
        data, key = self.data, self.header["key"]
        if data[offset : offset + 2] != FRAME_MAGIC or offset + HEAD > len(data):
            return "no frame begins here"
        place = offset.to_bytes(8, "little")
        if keyed32(key, place + data[offset : offset + 56])[:8] != data[offset + 56 : offset + HEAD]:
            return "the check of the frame's head is wrong"
        size = int.from_bytes(data[offset + 4 : offset + 8], "little")
        if size > MAX_BODY or data[offset + 3] > 1:
            return "size or flags are out of bounds"
        if max(_u64(data, offset + 8), _u64(data, offset + 16)) > MAX_INTEGER:
            return "an integer above 2^53 - 1"
        body_end = offset + HEAD + size
        checksum_end = body_end + CHECKSUM
        end = checksum_end + -checksum_end % 8
        if end > len(data):
            return "the frame is cut off"
        if keyed32(key, place + data[offset:body_end]) != data[body_end:checksum_end]:
            return "the frame's checksum is wrong"
        if any(data[checksum_end:end]):
            return "the frame's padding is not zero"
        return Frame(data, offset, end, data[offset + HEAD : body_end])

    def _follow(self):
        """Collects the frames that stand in their place; returns the break, if there is one."""
        at, (last, chain), in_run = FIRST_FRAME, self.base, False
        while at < len(self.data):
            if self.frames and self.frames[-1].type == END:
                return Break(at, "bytes after End") if any(self.data[at:]) else None
            frame = self.frame_at(at)
            if not isinstance(frame, Frame):
                return Break(at, frame)
            if frame.previous != chain:
                return Break(at, "the frame does not follow the one before it")
            if not (frame.type in (COMMIT, PART, SYNC, SWITCH, END) or frame.type & MAY_BE_PASSED_OVER):
                return Break(at, "a type of frame to come", newer=True, in_place=True)
            wrong = self._wrong_in_place(frame, last, in_run)
            if wrong is not None:
                return Break(at, wrong, in_place=True)
            self.frames.append(frame)
            in_run = frame.type == PART
            if frame.type == COMMIT:
                last = frame.sequence
            at, chain = frame.end, frame.checksum
        return Break(at, "the last commit is not whole") if in_run else None

    def _wrong_in_place(self, frame, last, in_run):
        if frame.sequence != (last + 1 if frame.in_commit else last):
            return "the frame has another sequence id than its place"
        if in_run and not frame.in_commit:
            return "a frame inside the run of a commit"
        if frame.flags != (1 if in_run else 0):
            return "the flags do not fit the place of the frame"
        if frame.type & MAY_BE_PASSED_OVER:
            return None
        try:
            frame.record = decode(frame.body)
        except NotCbor as error:
            return f"the body is no CBOR: {error}"
        return None if self._is_record(frame, last) else "the body is not what its type says"

    def _is_record(self, frame, last):
        record = frame.record
        if frame.in_commit:
            return isinstance(record, list)
        if not isinstance(record, dict):
            return False
        if frame.type == SYNC:
            snapshot = record.get("snapshot")
            named = snapshot is None or is_integer(snapshot)
            return named and is_integer(record.get("durable")) and record["durable"] == frame.durable
        if frame.type == SWITCH:
            return is_integer(record.get("next"))
        described = (frame.offset, len(self.frames), last)
        return tuple(record.get(name) for name in ("bytes", "frames", "last")) == described


def _u64(data, at):
    return int.from_bytes(data[at : at + 8], "little")


def _copy_at(data, at):
    """The CBOR map of a copy of the header that is sound, else None."""
    copy = data[at : at + COPY]
    size = int.from_bytes(copy[8:12], "little")
    if len(copy) < COPY or copy[:8] != MAGIC or 12 + size + CHECKSUM > COPY:
        return None
    hashed = copy[: 12 + size]
    if hash32(hashed) != copy[len(hashed) :][:CHECKSUM] or any(copy[len(hashed) + CHECKSUM :]):
        return None
    try:
        fields = decode(hashed[12:])
    except NotCbor:
        return None
    return fields if isinstance(fields, dict) else None


def _is_header(fields):
    before, snapshot = fields.get("predecessor"), fields.get("snapshot")
    return (
        is_format(fields.get("format"))
        and is_bytes(fields.get("store"), 16)
        and is_integer(fields.get("generation"))
        and is_bytes(fields.get("key"), 32)
        and (before is None or _is_predecessor(before))
        and (snapshot is None or is_integer(snapshot))
        and is_integer(fields.get("publishedAt"))
        and is_bytes(fields.get("publishedChain"), 32)
    )


def _is_predecessor(value):
    return (
        isinstance(value, dict)
        and all(is_integer(value.get(name)) for name in ("generation", "offset", "sequence"))
        and is_bytes(value.get("chain"), 32)
    )


def loss_report(wal):
    """The report in the header; what is none counts as null."""
    report = wal.header.get("loss")
    return report if isinstance(report, dict) and _is_loss_report(report) else None


def _is_loss_report(report):
    arrays = [report.get(name) for name in ("damage", "suspectKeys", "quarantine")]
    integers = ("firstLost", "lastSeen", "commitsLost", "bytesLost")
    if not all(isinstance(array, list) for array in arrays):
        return False
    damage, keys, quarantine = arrays
    return (
        all(isinstance(report.get(name), str) for name in ("id", "action"))
        and all(is_integer(report.get(name)) for name in integers)
        and all(_has(item, file=str, offset=int, reason=str) for item in damage)
        and all(_has(item, map=str, key=bytes) for item in keys)
        and all(isinstance(name, str) for name in quarantine)
    )


def _has(item, **types):
    """Whether the item is a map with fields of these types."""
    return isinstance(item, dict) and all(
        isinstance(item.get(name), wanted) and not isinstance(item[name], bool)
        for name, wanted in types.items()
    )
