"""bunq's Python SDK onboards against the simulator, unchanged but for the address.

    python onboard.py API_URL MANAGE_URL CERTIFICATE_FOLDER

Prints one line for each check, and at its end `N passed, N failed`.
"""

import json
import os
import sys
import traceback
import urllib.request

from bunq.sdk.context.api_context import ApiContext
from bunq.sdk.context.api_environment_type import ApiEnvironmentType
from bunq.sdk.context.bunq_context import BunqContext
from bunq.sdk.exception.api_exception import ApiException
from bunq.sdk.http.pagination import Pagination
from bunq.sdk.model.generated import endpoint

API_URL, MANAGE_URL, CERTIFICATES = sys.argv[1:]
SANDBOX = ApiEnvironmentType.SANDBOX
SANDBOX._uri_base = API_URL

FIRST_SESSION_SECONDS = 60 * 60
USER_SESSION_SECONDS = 7 * 24 * 60 * 60
CALLBACK_URL = "https://app.example/callback"
OTHER_CALLBACK_URL = "https://app.example/other"


def manage(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(MANAGE_URL + path, data, headers)) as answer:
        return json.load(answer)


def let_pass(seconds):
    """Moves the bank's clock on: its limits are kept, and nobody waits for them."""
    manage("clock", {"advanceMs": seconds * 1000})


def use(context):
    BunqContext._api_context = None
    BunqContext.load_api_context(context)
    return BunqContext.user_context()


def pem(name):
    with open(os.path.join(CERTIFICATES, name), encoding="ascii") as file:
        return file.read()


seen = {}


def a_certificate_becomes_a_session():
    certificate = pem("cert.pem")
    context = ApiContext.create_for_psd2(SANDBOX, certificate, pem("key.pem"), [certificate], "SDK", [])
    seen["provider"] = use(context).user_id
    assert manage("state")["users"][0]["id"] == seen["provider"]


def users_are_listed():
    [user] = endpoint.UserApiObject.list().value
    provider = user.UserPaymentServiceProvider
    assert provider.id_ == seen["provider"]
    assert provider.session_timeout == FIRST_SESSION_SECONDS, provider.session_timeout


def a_saved_context_is_restored():
    BunqContext.api_context().save("bunq.conf")
    restored = ApiContext.restore("bunq.conf")
    assert restored == BunqContext.api_context()
    use(restored)


def an_oauth_client_is_made_and_listed():
    seen["client"] = endpoint.OauthClientApiObject.create().value
    [client] = endpoint.OauthClientApiObject.list().value
    assert client.id_ == seen["client"]
    assert client.status == "ACTIVE", client.status
    assert client.client_id and client.secret
    assert endpoint.OauthClientApiObject.get(seen["client"]).value.secret == client.secret


def a_second_oauth_client_is_refused():
    try:
        endpoint.OauthClientApiObject.create()
    except ApiException as refusal:
        assert refusal.response_code == 400, refusal.response_code
        assert refusal.response_id
    else:
        raise AssertionError("it was made")


def callback_urls_are_made_changed_and_removed():
    urls = endpoint.OauthCallbackUrlApiObject
    urls.create(seen["client"], CALLBACK_URL)
    other = urls.create(seen["client"], CALLBACK_URL).value
    urls.update(seen["client"], other, OTHER_CALLBACK_URL)
    listed = sorted(url.url for url in urls.list(seen["client"]).value)
    assert listed == [CALLBACK_URL, OTHER_CALLBACK_URL], listed
    urls.delete(seen["client"], other)
    [client] = endpoint.OauthClientApiObject.list().value
    assert [url.url for url in client.callback_url] == [CALLBACK_URL]


def devices_are_listed_by_pages():
    pagination = Pagination()
    pagination.count = 1
    answer = endpoint.DeviceServerApiObject.list(pagination.url_params_count_only)
    assert [device.status for device in answer.value] == ["ACTIVE"]
    assert answer.pagination.count == 1
    assert not answer.pagination.has_previous_page()


def a_session_is_closed():
    # SessionApiObject, as ApiContext.close_session raises a NameError in this version of the SDK.
    endpoint.SessionApiObject.delete(0)
    try:
        endpoint.UserApiObject.list()
    except ApiException as refusal:
        assert refusal.response_code == 401, refusal.response_code
    else:
        raise AssertionError("it is still good")


def an_api_key_becomes_a_session():
    let_pass(31)
    headers = {"X-Bunq-Client-Request-Id": "1", "Cache-Control": "no-cache", "User-Agent": "SDK"}
    request = urllib.request.Request(API_URL + "sandbox-user-person", b"", headers, method="POST")
    with urllib.request.urlopen(request) as answer:
        api_key = json.load(answer)["Response"][0]["ApiKey"]["api_key"]
    user = use(ApiContext.create(SANDBOX, api_key, "SDK", ["*"]))
    assert user.user_person.session_timeout == USER_SESSION_SECONDS, user.user_person.session_timeout
    seen["account"] = user.primary_monetary_account.id_


def monetary_accounts_are_listed():
    [account] = endpoint.MonetaryAccountApiObject.list().value
    assert account.MonetaryAccountBank.id_ == seen["account"]
    assert account.MonetaryAccountBank.status == "ACTIVE"


def the_bank_holds_what_was_made():
    state = manage("state")
    assert len(state["installations"]) == 2
    assert len(state["devices"]) == 2
    assert sorted(session["status"] for session in state["sessions"]) == ["ACTIVE", "DELETED"], state["sessions"]
    assert [client["id"] for client in state["oauthClients"]] == [seen["client"]]
    assert [url["url"] for url in state["callbackUrls"]] == [CALLBACK_URL]


CHECKS = [
    a_certificate_becomes_a_session,
    users_are_listed,
    a_saved_context_is_restored,
    an_oauth_client_is_made_and_listed,
    a_second_oauth_client_is_refused,
    callback_urls_are_made_changed_and_removed,
    devices_are_listed_by_pages,
    a_session_is_closed,
    an_api_key_becomes_a_session,
    monetary_accounts_are_listed,
    the_bank_holds_what_was_made,
]


def passes(check):
    name = check.__name__.replace("_", " ")
    let_pass(4)  # bunq's limits count within 3 seconds
    try:
        check()
    except Exception:
        print(f"✕ {name}", flush=True)
        traceback.print_exc()
        return False
    print(f"✓ {name}", flush=True)
    return True


passed = sum(passes(check) for check in CHECKS)
failed = len(CHECKS) - passed
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
