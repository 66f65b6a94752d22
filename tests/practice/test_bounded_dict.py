"""A site that runs for months does not grow."""

from practice import bounded_dict


def test_oldest_entry_is_forgotten_first():
    recent = bounded_dict.BoundedDict()
    for number in range(bounded_dict.MAX_ENTRIES + 2):
        recent[number] = "x"
    assert len(recent) == bounded_dict.MAX_ENTRIES
    assert 1 not in recent
    assert 2 in recent
