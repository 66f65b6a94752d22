"""Tags for the administration's pages."""
