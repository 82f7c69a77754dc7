"""From files to a state: which files count, where replay begins, and what a break means."""

import os
import re

from snapshot import Snapshot
from state import Meaningless, State
from verdict import Damaged, Refused
from wal import COMMIT, END, FIRST_FRAME, PART, SWITCH, SYNC, Break, Wal, loss_report

NAME = re.compile(r"([1-9][0-9]{0,14})\.(wal|snap|head)")


class Gap(Damaged):
    """Acknowledged commits are missing, though every byte that is there may be right."""


class Files:
    """Every file of the directory whose name fits."""

    def __init__(self, directory):
        self.wals, self.snapshots, self.heads = [], [], []
        self.unfinished_wals, self.damaged_wals, self.other_snapshots = [], [], []
        for name in sorted(os.listdir(directory)):
            fits = NAME.fullmatch(name)
            if fits is None:
                continue
            if fits[2] == "head":
                self.heads.append(int(fits[1]))
                continue
            with open(os.path.join(directory, name), "rb") as file:
                data = file.read()
            if fits[2] == "wal":
                self._take_wal(Wal(name, data), int(fits[1]))
            else:
                self._take_snapshot(Snapshot(name, data))
        self._check_they_belong_together()

    def _take_wal(self, wal, named):
        if wal.newer:
            raise Refused(f"{wal.name} is of a newer version")
        if wal.header is not None:
            self.wals.append(wal)
        else:
            (self.unfinished_wals if wal.unfinished else self.damaged_wals).append((named, wal))

    def _take_snapshot(self, snapshot):
        if snapshot.newer:
            raise Refused(f"{snapshot.name} is of a newer version")
        (self.snapshots if snapshot.is_valid else self.other_snapshots).append(snapshot)

    def _check_they_belong_together(self):
        stores = {wal.header["store"] for wal in self.wals}
        stores |= {snapshot.footer["store"] for snapshot in self.snapshots}
        if len(stores) > 1:
            raise Refused("the files are of different stores")
        generations = [file.generation for file in self.wals + self.snapshots]
        if len(set(generations)) < len(generations):
            raise Refused("two files have the same generation")
        self.wals.sort(key=lambda wal: wal.generation)
        self.snapshots.sort(key=lambda snapshot: snapshot.generation)

    @property
    def are_no_store(self):
        others = self.wals, self.damaged_wals, self.snapshots, self.other_snapshots, self.heads
        return not any(others)


class Opened:
    """A base, the WALs that go on from it, and what replay makes of them."""

    def __init__(self, stack, run):
        self.stack = stack
        self.run = run
        self.state = State.of_footer(stack[0].footer) if stack else State()

    def replay(self):
        """Applies the run to the state, whether or not the state has the entries of its base."""
        self.tail, self.frames = "whole", []
        for wal, successor in zip(self.run, self.run[1:] + [None]):
            self.tail = self._replay_wal(wal, successor)

    def _replay_wal(self, wal, successor):
        """Applies what the WAL adds; says how it ends, or raises."""
        limit = len(wal.data) if successor is None else successor.predecessor["offset"]
        frames = [frame for frame in wal.frames if frame.end <= limit]
        self.frames.append(frames)
        last, found = self._apply(wal, frames)
        if found is None:
            found = wal.broken if successor is None else _bad_end(wal, frames, successor)
        tail = "whole"
        if found is not None:
            tail = _judge(wal, found, max(last, self.state.sequence) + 1, successor)
        self._restore_chain(wal)
        return tail

    def _apply(self, wal, frames):
        """The last commit that was read, and the break if one means nothing."""
        last, operations = wal.base[0], []
        for frame in frames:
            if frame.in_commit:
                operations += frame.record
            if frame.type != COMMIT:
                continue
            try:
                if frame.sequence > self.state.sequence:
                    self.state.apply(frame.sequence, operations, frame.checksum)
            except Meaningless as error:
                return last, Break(frame.offset, str(error), in_place=True)
            last, operations = frame.sequence, []
        return last, None

    def _restore_chain(self, wal):
        """A commit that was logged again keeps the chain hash that it had first."""
        if self.state.sequence == wal.header["publishedAt"]:
            self.state.chain = wal.header["publishedChain"]

    @property
    def loss(self):
        """The name of the loss report that nobody has acknowledged."""
        report = loss_report(self.run[-1])
        unseen = report is not None and report["id"] not in self.state.acknowledged
        return report["id"] if unseen else None

    def check_last_switch(self):
        switches = [f.record["next"] for frames in self.frames for f in frames if f.type == SWITCH]
        newest = self.run[-1]
        if self.tail != "torn" and switches and switches[-1] > newest.generation:
            raise Gap(newest.name, len(newest.data), f"the WAL {switches[-1]} is missing")

    def bring_entries(self):
        """Replays again, onto a base that has the entries of its snapshots."""
        if not self.stack:
            return
        footer = self.stack[0].footer
        self.state = State.of_footer(footer)
        for snapshot in reversed(self.stack):
            for map_id, entries in snapshot.entries().items():
                if map_id in self.state.maps:
                    _lay_over(self.state.maps[map_id].entries, entries)
        for each in footer["maps"]:
            found = self.state.maps[each["id"]]
            if (len(found.entries), found.bytes) != (each["count"], each["bytes"]):
                reason = f"the map {each['name']} has another count or other bytes"
                raise Damaged(self.stack[0].name, len(self.stack[0].data), reason)
        self.replay()


def read_store(directory):
    """The identity of the store, and what replay made of its files."""
    files = Files(directory)
    if files.are_no_store:
        raise Refused("there is no store here")
    opened = _opened(files, _without_orphans(files))
    opened.bring_entries()
    return files.wals[0].header["store"], opened


def _without_orphans(files):
    """Leaves out what an open wrote for a WAL that it never came to start."""
    started = files.heads + [wal.generation for wal in files.wals]
    started += [named for named, _ in files.damaged_wals]
    newest = max(started, default=0)
    orphans = [s for s in files.snapshots if s.footer["wal"] == 0 and s.generation > newest]
    return [snapshot for snapshot in files.snapshots if snapshot not in orphans]


def _opened(files, snapshots):
    """Takes a base that nothing names only where the other files do not lead as far."""
    base = _base(files, snapshots)
    if base is not None and not _is_named(base, files, snapshots):
        try:
            without = _opened(files, [each for each in snapshots if each is not base])
            if without.state.sequence >= base.footer["sequence"]:
                return without
        except Damaged:
            pass
    return _open_with(files, snapshots)


def _base(files, snapshots):
    newest = _newest(files)
    if newest is None:
        return None
    try:
        opened = _chosen(_stacks(snapshots), _run(files.wals, newest))
    except Damaged:
        return None
    return opened.stack[0] if opened.stack else None


def _is_named(base, files, snapshots):
    newest = _newest(files)
    syncs = [frame.record.get("snapshot") for frame in newest.frames if frame.type == SYNC]
    beneath = [below["generation"] for each in snapshots for below in each.footer["beneath"]]
    return base.generation in [newest.header.get("snapshot"), *syncs[-1:], *beneath]


def _newest(files):
    return next((wal for wal in reversed(files.wals) if wal.is_published), None)


def _stacks(snapshots):
    return [stack for each in reversed(snapshots) if (stack := _stack(each, snapshots))]


def _open_with(files, snapshots):
    """Chooses base and run and replays, on a state without the entries of its snapshots."""
    newest, stacks = _newest(files), _stacks(snapshots)
    _check_for_gaps(files, newest, stacks)
    opened = _chosen(stacks, _run(files.wals, newest))
    opened.replay()
    opened.check_last_switch()
    return opened


def _stack(newest, snapshots):
    """The snapshot and all it lies on, newest first; None where one of them is missing."""
    there = {(each.generation, each.footer["root"]): each for each in snapshots}
    named = [(below["generation"], below["root"]) for below in newest.footer["beneath"]]
    stack = [newest] + [there.get(name) for name in named]
    if None in stack or stack[-1].footer["kind"] != "full":
        return None
    return stack


def _check_for_gaps(files, newest, stacks):
    if newest is None:
        if files.wals or files.damaged_wals:
            file = (files.wals or [wal for _, wal in files.damaged_wals])[-1].name
            raise Gap(file, 0, "no WAL counts although there are WALs")
        raise Gap("the store", 0, "there is no WAL")
    if stacks and stacks[0][0].footer["wal"] > newest.generation:
        raise Gap(stacks[0][0].name, 0, "the WAL that goes on from here is missing")
    for head in files.heads:
        if head > newest.generation:
            raise Gap(f"{head}.head", 0, "the WAL of this generation, or a newer one, is missing")
    for named, wal in files.damaged_wals:
        if named > newest.generation:
            raise Gap(wal.name, 0, "both copies of the header are damaged")


def _run(wals, newest):
    """The newest WAL and those before it, as far as they are there; oldest first."""
    by_generation = {wal.generation: wal for wal in wals}
    run = [newest]
    while (before := run[0].predecessor) is not None:
        found = by_generation.get(before["generation"])
        if found is None or found.generation >= run[0].generation:
            break
        run.insert(0, found)
    return run


def _chosen(stacks, run):
    """The newest base from which the run goes on, and the part of the run that does."""
    for stack in stacks:
        footer = stack[0].footer
        start = _newest_at_or_below(run, footer["sequence"])
        if start is not None and not _is_left_out(footer, run):
            return Opened(stack, run[start:])
    start = _newest_at_or_below(run, 0)
    if start is None:
        raise Gap(run[0].name, 0, "what comes before this WAL is missing")
    return Opened([], run[start:])


def _newest_at_or_below(run, sequence):
    return next((at for at in reversed(range(len(run))) if run[at].base[0] <= sequence), None)


def _is_left_out(footer, run):
    least = footer["wal"] or footer["generation"] + 1
    after = next((wal for wal in run if wal.generation >= least), None)
    if after is None:
        return True
    at = after.header["publishedAt"]
    if at == footer["sequence"]:
        return after.header["publishedChain"] != footer["chain"]
    return at < footer["sequence"]


def _bad_end(wal, frames, successor):
    """What is wrong where a successor says that this WAL ends."""
    named = successor.predecessor
    if wal.broken is not None and wal.broken.offset < named["offset"]:
        return wal.broken
    end, chain = (frames[-1].end, frames[-1].checksum) if frames else (FIRST_FRAME, wal.base[1])
    if end != named["offset"]:
        return Break(end, "the WAL does not end where its successor says")
    if chain != named["chain"]:
        return Break(end, "the WAL ends with another chain than its successor says")
    sequence = frames[-1].sequence if frames else wal.base[0]
    if sequence != named["sequence"] or (frames and frames[-1].type == PART):
        return Break(end, "the WAL ends with another commit than its successor says")
    return None


def _judge(wal, found, missing, successor):
    if found.newer:
        raise Refused(f"{wal.name} at {found.offset}: {found.reason}")
    ended = any(frame.type == END for frame in wal.frames)
    if wal.watermark >= missing or successor is not None or ended:
        raise Damaged(wal.name, found.offset, found.reason)
    if not any(wal.data[found.offset :]):
        return "clean"
    if found.in_place:
        raise Damaged(wal.name, found.offset, found.reason)
    return "torn"


def _lay_over(entries, newer):
    for key, (value, sequence) in newer.items():
        if value is None:
            entries.pop(key, None)
        else:
            entries[key] = (value, sequence)
