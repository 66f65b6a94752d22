"""The dictionary with a maximum size."""

from practice import bounded_dict


def test_oldest_entry_is_dropped_first():
    recent = bounded_dict.BoundedDict()
    for number in range(bounded_dict.MAX_ENTRIES + 2):
        recent[number] = "x"
    assert len(recent) == bounded_dict.MAX_ENTRIES
    assert 1 not in recent
    assert 2 in recent
