"""The admin pages of the sub-rooms, where Django looks for them."""

from integrations.breakers.admin import BreakerControlAdmin, BreakerEventAdmin

__all__ = ["BreakerControlAdmin", "BreakerEventAdmin"]
