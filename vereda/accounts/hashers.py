"""How passwords are stored."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with less memory than Django's 100 MiB, more rounds instead, and one lane.

    Eight people who log in at once would need 800 MiB of a small server. OWASP asks for at least 19 MiB and two rounds.
    """

    memory_cost = 32 * 1024
    time_cost = 3
    parallelism = 1
