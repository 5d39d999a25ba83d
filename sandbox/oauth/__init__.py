"""OAuth 2.0 authorization server that Google's and Microsoft's parts share.

Authorization code with PKCE (RFC 6749, RFC 7636), refresh and revocation; what the two providers do
differently is in `sandbox.google.oauth` and `sandbox.microsoft.oauth`.
"""

CLIENT_ID = "ava-sandbox"
CLIENT_SECRET = "ava-sandbox-secret"
