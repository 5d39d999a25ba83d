"""Every page of the console, and how Eve tries it: Ada's IDs in path, query and form."""

from tests.walls.doors import Try

ROOMS: dict[str, list[Try]] = {
    "": [Try("/"), Try("/", "user={user}")],
    "theme": [Try("/theme", body={"theme": "dark", "user": "{user}"})],
    "styleguide": [Try("/styleguide")],
    "login": [Try("/login", body={"username": "ada", "password": "x", "user": "{user}"})],
    "logout": [Try("/logout", body={"user": "{user}"})],
    "settings/password": [
        Try("/settings/password", "user={user}", {"old_password": "x", "user": "{user}"})
    ],
}
"""By route. Each is tried by GET and by POST, as a page and as a fragment."""

STRANGERS = ("theme", "styleguide", "login", "logout")
"""Pages for whom is not logged in, too."""
