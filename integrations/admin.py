"""The admin pages of the sub-rooms, where Django looks for them."""
