import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def browser(user: User) -> Client:
    """A browser that Ada has logged in on."""
    client = Client(headers={"accept": "text/html"})
    client.force_login(user)
    return client
