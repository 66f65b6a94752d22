"""A site that runs for months does not grow."""

from practice import memory


def test_oldest_entry_is_forgotten_first():
    recent = memory.Recent()
    for number in range(memory.MOST + 2):
        recent[number] = "x"
    assert len(recent) == memory.MOST
    assert 1 not in recent
    assert 2 in recent
