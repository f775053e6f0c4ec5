"""bunq's Python SDK onboards against the simulator, and connects an end user of its, unchanged but for the addresses.

The OAuth classes of SDK 1.28.0 cannot be used as they are, on no bank. What is done about it is said where it is done:
THEIR_CLASS_IS_RENAMED, TOKEN_URI.

    python onboard.py API_URL MANAGE_URL CERTIFICATE_FOLDER

Prints one line for each check, and at its end `N passed, N failed`.
"""

import json
import os
import sys
import traceback
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from types import SimpleNamespace

from bunq.sdk.context.api_context import ApiContext
from bunq.sdk.context.api_environment_type import ApiEnvironmentType
from bunq.sdk.context.bunq_context import BunqContext
from bunq.sdk.exception.api_exception import ApiException
from bunq.sdk.http.pagination import Pagination
from bunq.sdk.model.generated import endpoint, object_

# THEIR_CLASS_IS_RENAMED: the OAuth modules import a name that the generated models no longer have.
endpoint.OauthClient = endpoint.OauthClientApiObject
from bunq.sdk.model.core.oauth_access_token import OauthAccessToken  # noqa: E402
from bunq.sdk.model.core.oauth_authorization_uri import OauthAuthorizationUri  # noqa: E402
from bunq.sdk.model.core.oauth_response_type import OauthResponseType  # noqa: E402

API_URL, MANAGE_URL, CERTIFICATES = sys.argv[1:]
SANDBOX = ApiEnvironmentType.SANDBOX
SANDBOX._uri_base = API_URL
OauthAuthorizationUri.AUTH_URI_FORMAT_SANDBOX = urllib.parse.urljoin(API_URL, "/auth?{}")
# TOKEN_URI: the SDK's own has "%s" where it fills in "{}", so that it sends no parameters.
OauthAccessToken.TOKEN_URI_FORMAT_SANDBOX = API_URL + "token?{}"

FIRST_SESSION_SECONDS = 60 * 60
USER_SESSION_SECONDS = 7 * 24 * 60 * 60
CALLBACK_URL = "https://app.example/callback"
OTHER_CALLBACK_URL = "https://app.example/other"
TOLD_URL = "https://app.example/told"
STATE = "5f2d"
IBAN_ELSEWHERE = "NL91ABNA0417164300"


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


class Form(HTMLParser):
    """What a browser would send: hidden fields, and the radio button that is chosen."""

    def __init__(self, text):
        super().__init__()
        self.fields = {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "input" and (attributes["type"] == "hidden" or "checked" in attributes):
            self.fields[attributes["name"]] = attributes["value"]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def where_the_browser_is_sent(uri, decision):
    """Opens the page, as the end user's browser does, and submits its form."""
    with urllib.request.urlopen(uri) as answer:
        fields = Form(answer.read().decode()).fields
    body = urllib.parse.urlencode({**fields, "decision": decision}).encode()
    try:
        urllib.request.build_opener(NoRedirect).open(uri.split("?")[0], body)
    except urllib.error.HTTPError as redirect:
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(redirect.headers["Location"]).query))
    raise AssertionError("it is sent nowhere")


def an_authorization_uri_leads_to_a_code():
    [client] = endpoint.OauthClientApiObject.list().value
    uri = OauthAuthorizationUri.create(OauthResponseType.CODE, CALLBACK_URL, client, STATE).authorization_uri
    assert where_the_browser_is_sent(uri, "deny") == {"error": "access_denied", "state": STATE}
    answer = where_the_browser_is_sent(uri, "accept")
    assert answer["state"] == STATE
    seen["code"] = answer["code"]


def a_code_becomes_an_access_token():
    # The SDK makes the URI; its client takes the numeric id for the client id, and its grant type is a number. It cannot
    # send it either: it wants the answer signed, and takes the whole answer for its JSON.
    [client] = endpoint.OauthClientApiObject.list().value
    known = SimpleNamespace(id_=client.client_id, secret=client.secret)
    uri = OauthAccessToken.create_token_uri("authorization_code", seen["code"], CALLBACK_URL, known)
    with urllib.request.urlopen(urllib.request.Request(uri, method="POST")) as answer:
        token = json.load(answer)
    assert token["token_type"] == "bearer" and token["state"] == STATE, token
    seen["access_token"] = token["access_token"]
    try:
        urllib.request.urlopen(urllib.request.Request(uri, method="POST"))
    except urllib.error.HTTPError as refusal:
        assert json.load(refusal)["error"] == "invalid_grant"
    else:
        raise AssertionError("a code is good twice")


def a_provider_asks_to_be_told():
    filters = endpoint.NotificationFilterUrlApiObject
    assert filters.create([object_.NotificationFilterUrlObject("OAUTH", TOLD_URL)]).value
    assert [told["url"] for told in manage("state")["notificationFilters"]] == [TOLD_URL]
    filters.create([])  # nobody is there to be told


def an_access_token_becomes_a_session():
    seen["provider_context"] = BunqContext.api_context()
    let_pass(31)
    user = use(ApiContext.create(SANDBOX, seen["access_token"], "SDK", []))
    [grant] = manage("grants")["grants"]
    assert user.is_only_user_api_key_set()
    assert user.user_id == grant["userApiKeyId"]
    assert user.user_api_key.requested_by_user.UserPaymentServiceProvider.id_ == seen["provider"]
    assert user.user_api_key.granted_by_user.get_referenced_object().id_ == grant["grantedByUserId"]
    assert user.primary_monetary_account.status == "ACTIVE"


def accounts_of_who_granted_it_are_read():
    [account] = endpoint.MonetaryAccountBankApiObject.list().value
    [grant] = manage("grants")["grants"]
    assert account.user_id == grant["grantedByUserId"]
    assert endpoint.MonetaryAccountBankApiObject.get(account.id_).value.balance.currency == "EUR"
    [own] = endpoint.UserApiObject.list().value
    assert own.UserApiKey.id_ == grant["userApiKeyId"]


def euros(value):
    return object_.AmountObject(value, "EUR")


def iban_of(account):
    [iban] = [alias.value for alias in account.alias if alias.type_ == "IBAN"]
    return iban


def elsewhere():
    return object_.PointerObject("IBAN", IBAN_ELSEWHERE, "Energie B.V.")


def a_payment_is_drafted_and_waits():
    drafts = endpoint.DraftPaymentApiObject
    made = drafts.create([object_.DraftPaymentEntryObject(euros("12.50"), elsewhere(), "Order 7")], 1).value
    [draft] = drafts.list().value
    assert (draft.id_, draft.status, draft.object_) == (made, "PENDING", None), draft.status
    [entry] = drafts.get(made).value.entries
    assert (entry.amount.value, entry.counterparty_alias.label_monetary_account.iban) == ("12.50", IBAN_ELSEWHERE)
    drafts.update(made, status="CANCELLED")
    assert drafts.get(made).value.status == "CANCELLED"


def what_was_granted_is_not_to_pay():
    try:
        endpoint.PaymentApiObject.create(euros("1.00"), elsewhere(), "SDK")
    except ApiException as refusal:
        assert refusal.response_code == 403, refusal.response_code
    else:
        raise AssertionError("it was paid")


def funds_are_confirmed():
    [account] = endpoint.MonetaryAccountBankApiObject.list().value
    seen["iban"] = iban_of(account)
    ask = endpoint.ConfirmationOfFundsApiObject.create
    asked = object_.PointerObject("IBAN", seen["iban"], account.display_name)
    more = f"{float(account.balance.value) + 1:.2f}"
    assert ask(asked, euros(account.balance.value)).value.has_sufficient_funds is True
    assert ask(asked, euros(more)).value.has_sufficient_funds is False


def cards_are_listed():
    [card] = endpoint.CardApiObject.list().value
    assert card.status == "ACTIVE" and card.primary_account_numbers[0].four_digit, card.status
    assert endpoint.CardApiObject.get(card.id_).value.expiry_date == card.expiry_date


def a_grant_is_taken_back():
    [grant] = manage("grants")["grants"]
    manage(f"grants/{grant['userApiKeyId']}/revoke", {})
    for act, status in ((endpoint.UserApiObject.list, 401), (BunqContext.api_context().reset_session, 400)):
        let_pass(31)
        try:
            act()
        except ApiException as refusal:
            assert refusal.response_code == status, refusal.response_code
        else:
            raise AssertionError("it is still good")
    use(seen["provider_context"])


def a_provider_drafts_a_payment_itself():
    drafts = endpoint.PaymentServiceProviderDraftPaymentApiObject
    made = drafts.create(seen["iban"], IBAN_ELSEWHERE, "Energie B.V.", "Order 8", euros("3.00")).value
    [listed] = drafts.list().value
    read = drafts.get(made).value
    for draft in (listed, read):
        assert (draft.sender_iban, draft.receiver_iban, draft.status) == (seen["iban"], IBAN_ELSEWHERE, "PENDING")
        assert draft.amount.value == "3.00", draft.amount.value


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


def money_comes_and_is_paid():
    daddy = object_.PointerObject("EMAIL", "sugardaddy@bunq.com", "Sugar Daddy")
    endpoint.RequestInquiryApiObject.create(euros("10.00"), daddy, "SDK", False)
    payments = endpoint.PaymentApiObject
    made = payments.create(euros("4.50"), elsewhere(), "SDK").value
    [paid, given] = payments.list().value
    assert (paid.id_, paid.amount.value, paid.balance_after_mutation.value) == (made, "-4.50", "5.50"), paid.amount.value
    assert paid.counterparty_alias.label_monetary_account.iban == IBAN_ELSEWHERE
    assert given.amount.value == "10.00", given.amount.value
    assert payments.get(made).value.description == "SDK"


def the_bank_holds_what_was_made():
    state = manage("state")
    assert len(state["installations"]) == 3
    assert len(state["devices"]) == 3
    assert sorted(session["status"] for session in state["sessions"]) == ["ACTIVE", "DELETED", "REVOKED"], state["sessions"]
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
    an_authorization_uri_leads_to_a_code,
    a_code_becomes_an_access_token,
    a_provider_asks_to_be_told,
    an_access_token_becomes_a_session,
    accounts_of_who_granted_it_are_read,
    a_payment_is_drafted_and_waits,
    what_was_granted_is_not_to_pay,
    funds_are_confirmed,
    cards_are_listed,
    a_grant_is_taken_back,
    a_provider_drafts_a_payment_itself,
    a_session_is_closed,
    an_api_key_becomes_a_session,
    monetary_accounts_are_listed,
    money_comes_and_is_paid,
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
