"""Vereda: people join through a leader's link, and the electoral census is asked where each of them votes."""
