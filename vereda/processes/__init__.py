"""Running several programs as one: who starts them, restarts them and stops them, and the ports they listen on."""
