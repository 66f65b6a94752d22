"""Helpers that know no model and no Django app."""
