"""bunq's Python SDK goes on with the sessions that the keeper keeps, from the context files that `export bunq-context` wrote.

    python kept_session.py API_URL MANAGE_URL FILE…

Prints one line for each check, and at its end `N passed, N failed`.
"""

import json
import sys
import traceback
import urllib.request

from bunq.sdk.context.api_context import ApiContext
from bunq.sdk.context.api_environment_type import ApiEnvironmentType
from bunq.sdk.context.bunq_context import BunqContext
from bunq.sdk.model.generated import endpoint

API_URL, MANAGE_URL, *FILES = sys.argv[1:]
ApiEnvironmentType.SANDBOX._uri_base = API_URL


def at_the_bank():
    with urllib.request.urlopen(MANAGE_URL + "state") as answer:
        state = json.load(answer)
    return {what: [one["id"] for one in state[what]] for what in ("installations", "devices", "sessions")}


def is_gone_on_with(file):
    context = ApiContext.restore(file)
    assert context.is_session_active()
    BunqContext.load_api_context(context)
    [user] = endpoint.UserApiObject.list().value
    assert user.get_referenced_object().id_ == context.session_context.user_id
    if user.UserPaymentServiceProvider is None:
        [account] = endpoint.MonetaryAccountBankApiObject.list().value
        assert account.status == "ACTIVE"
        assert account.id_ == BunqContext.user_context().primary_monetary_account.id_
    else:
        [client] = endpoint.OauthClientApiObject.list().value
        assert client.status == "ACTIVE"
    endpoint.NotificationFilterUrlApiObject.create([])  # a POST: it is signed with the key pair of the file
    context.save("saved.conf")
    assert ApiContext.restore("saved.conf") == context


def passes(file):
    before = at_the_bank()
    try:
        is_gone_on_with(file)
        assert at_the_bank() == before, "something was registered, or a session opened"
    except Exception:
        print(f"✕ {file} is gone on with", flush=True)
        traceback.print_exc()
        return False
    print(f"✓ {file} is gone on with, and no session opened", flush=True)
    return True


passed = sum(passes(file) for file in FILES)
failed = len(FILES) - passed
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
