from django.contrib.auth.hashers import Argon2PasswordHasher


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id with OWASP's recommended 19 MiB and 2 passes.

    Django's default takes 100 MiB for each check: some logins at once would take gigabytes.
    Older hashes are renewed at the next login. Source: OWASP Password Storage Cheat Sheet.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
