"""What `./run`, `./test` and `./manage` do before Django can start: an interpreter, packages, a key, a browser."""
