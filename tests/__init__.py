"""The test suite: mirrors `vereda/` and `practice/`."""
