"""What can be wrong with the store."""


class StoreError(Exception):
    """The store cannot be opened, read or written. `str()` is one line that says what to do about it."""


class Refused(StoreError):
    """A value is none that the store can ever take; trying again does not help, other values may be written."""
