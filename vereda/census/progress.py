"""Only until `vereda/referrals/page.py` imports from `bulk.py`, where this is."""

from vereda.census.bulk import Progress, has_come_through, progress_of

__all__ = ["Progress", "has_come_through", "progress_of"]
