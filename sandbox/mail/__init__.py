"""Mails that arrived, by Resend or by SMTP."""
