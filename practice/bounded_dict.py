"""A dictionary with a maximum size, so that a site that runs for months does not use more and more memory."""

MAX_ENTRIES = 20_000


class BoundedDict[K, V](dict[K, V]):
    """Keeps the newest `MAX_ENTRIES` entries, by when each was first set.

    Only `[key] = value` respects the maximum; `update` and `setdefault` do not.
    """

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        while len(self) > MAX_ENTRIES:
            del self[next(iter(self))]
