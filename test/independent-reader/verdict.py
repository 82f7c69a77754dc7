"""The two ways in which a store is not shown."""


class Damaged(Exception):
    """Bytes are not what they have to be, or acknowledged commits are missing."""

    def __init__(self, file, offset, reason):
        super().__init__(f"{file} at {offset}: {reason}")
        self.file = file
        self.offset = offset
        self.reason = reason


class Refused(Exception):
    """Nothing is known to be wrong, but this reader cannot go on."""
