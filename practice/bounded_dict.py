"""A dictionary that forgets, so that a site that runs for months does not grow."""

MOST = 20_000


class Recent[K, V](dict[K, V]):
    """Keeps the newest `MOST` entries, by when each was first set. Set them with `[key] = value` only."""

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        while len(self) > MOST:
            del self[next(iter(self))]
