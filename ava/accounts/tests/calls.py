"""The calls of `/api/v1/auth/*`, as a client makes them."""


def log_in(client, identifier="ada", password="correct horse battery staple", **extra):
    body = {"identifier": identifier, "password": password}
    return client.post("/api/v1/auth/login", body, **extra)


def refresh(client, token):
    return client.post("/api/v1/auth/refresh", {"refresh_token": token})


def me(client, access_token):
    return client.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {access_token}")


def log_out(client, access_token):
    return client.post("/api/v1/auth/logout", HTTP_AUTHORIZATION=f"Bearer {access_token}")


def assert_unauthenticated(answer, code: str) -> None:
    """A 401 that a frontend can tell from a provider's."""
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="ava"'
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
