"""What goes wrong around a lookup, done for real: processes killed, frozen and doubled, the database held."""
