"""Consent page and error page, in HTML that needs no script."""

from collections.abc import Iterable, Sequence
from html import escape

from sandbox.oauth.grants import Account
from sandbox.wire import Answer

_FRAME = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f3f4f6; color: #111827; }}
main {{ max-width: 28rem; margin: 3rem auto; padding: 2rem; background: #fff;
  border: 1px solid #d1d5db; border-radius: .75rem; }}
h1 {{ font-size: 1.35rem; margin: 0 0 1rem; }}
fieldset {{ border: 0; padding: 0; margin: 0 0 1rem; }}
legend {{ font-weight: 600; padding: 0; }}
label {{ display: block; margin: .35rem 0; overflow-wrap: anywhere; }}
button {{ font: inherit; padding: .5rem 1.5rem; border-radius: .4rem; cursor: pointer;
  border: 1px solid #1d4ed8; background: #fff; color: #1d4ed8; }}
button[value=allow] {{ background: #1d4ed8; color: #fff; }}
small {{ color: #4b5563; }}
</style></head><body><main>
{body}
<p><small>The providers' sandbox plays {provider}. No real account is concerned.</small></p>
</main></body></html>
"""


def consent_page(
    provider: str,
    client_id: str,
    accounts: Sequence[Account],
    chosen: Account,
    scopes: Iterable[tuple[str, bool]],
) -> Answer:
    """The page on which a person allows or denies.

    Args:
        chosen: the account that is marked at first.
        scopes: those asked for, and whether each may be unticked.
    """
    people = "".join(
        f'<label><input type="radio" name="account" value="{escape(one.email)}"'
        f"{' checked' if one == chosen else ''}> {escape(one.name)}, {escape(one.email)}</label>"
        for one in accounts
    )
    wishes = "".join(
        f'<label><input type="checkbox" name="scope" value="{escape(scope)}" checked'
        f"{'' if optional else ' disabled'}> {escape(scope)}</label>"
        for scope, optional in scopes
    )
    body = (
        f"<h1>{escape(client_id)} wants access to your {provider} account</h1>"
        f'<form method="post"><input type="hidden" name="chooses" value="scopes">'
        f"<fieldset><legend>Account</legend>{people}</fieldset>"
        f"<fieldset><legend>It may</legend>{wishes}</fieldset>"
        '<button name="decision" value="allow">Allow</button> '
        '<button name="decision" value="deny">Deny</button></form>'
    )
    return _page(200, provider, f"Sign in with {provider}", body)


def error_page(status: int, provider: str, sentence: str) -> Answer:
    """The page that the provider shows where it does not send the browser back."""
    body = f"<h1>Access blocked: this app's request is invalid</h1><p>{escape(sentence)}</p>"
    return _page(status, provider, f"Error {status}", body)


def _page(status: int, provider: str, title: str, body: str) -> Answer:
    html = _FRAME.format(title=escape(title), provider=provider, body=body)
    headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
    return Answer(status, html.encode(), headers)
