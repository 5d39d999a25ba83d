"""Calendar providers, as they are called in paths, metrics and sentences."""

from ava.upstream import Service

GOOGLE = Service("google", "Google Calendar")
MICROSOFT = Service("microsoft", "Microsoft 365")
SERVICES = {service.label: service for service in (GOOGLE, MICROSOFT)}
NAMES = {service.label: service.name for service in SERVICES.values()}
