"""Deployment as docs/DEPLOYMENT.md and infrastructure/ have it, as far as one machine can tell."""
