"""How people who have an account get in: login, lock-out, second step, recovery, and their open sessions."""
