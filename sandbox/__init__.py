"""Sandbox of the providers: plays Vapi, Twilio and Resend on one port, faults included.

A program of its own. It imports nothing of AVA and nothing outside the standard library.
README.md says what it plays, and against which of the providers' documents and pages it is held.
"""
