"""What can be wrong with the store."""


class StoreError(Exception):
    """The store cannot be opened, read or written. `str()` is one line that says what to do about it."""
