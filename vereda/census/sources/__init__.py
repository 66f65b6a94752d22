"""Asking a census site: a library of its own, without Django."""
