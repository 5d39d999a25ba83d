"""All faults, in the order in which they are played."""

from tests.faults import processes, providers, stores

FAULTS = (
    stores.REDIS_KILLED,
    stores.REDIS_FROZEN,
    stores.POSTGRES_RESTARTS,
    stores.POSTGRES_KILLED,
    stores.POSTGRES_FROZEN,
    processes.WEB_WORKER_KILLED,
    processes.WEB_RESTARTED,
    processes.WORKER_KILLED,
    providers.TWILIO_HANGS,
    providers.TWILIO_RESETS,
    providers.RESEND_HANGS,
    providers.VAPI_DRIPS,
    providers.NAMES_FAIL,
    providers.CLOCK_FAST,
    stores.DISK_FULL,
)
SHORT = (
    stores.REDIS_KILLED,
    stores.POSTGRES_RESTARTS,
    processes.WEB_WORKER_KILLED,
    providers.TWILIO_RESETS,
)
