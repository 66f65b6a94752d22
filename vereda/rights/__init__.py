"""People's rights over their data: to see it, to allow its use or not, to have it corrected, and to have it erased."""
