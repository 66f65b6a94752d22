"""The leader's pages: whom they referred, live, at any size."""
