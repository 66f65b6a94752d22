"""What only the worker process does. Imported by tasks, doctor, demo, admin and commands; never by a page."""
