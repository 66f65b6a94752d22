"""Commands about what is kept and for how long."""
