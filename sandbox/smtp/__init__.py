"""SMTP server of the sandbox: STARTTLS, one login, mails into the mailbox (RFC 5321, 3207, 4954).

It needs aiosmtpd, the one package that the sandbox uses.
"""

USER, PASSWORD = "demo", "smtp-demo"
HOSTNAME = "smtp.sandbox.localhost"
