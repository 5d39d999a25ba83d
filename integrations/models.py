"""The tables of the sub-rooms, where Django looks for them."""
