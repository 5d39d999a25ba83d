"""Addresses of the console's room Activity."""

urlpatterns = []
