import { html } from 'hono/html';
import { eurosOf } from '../amounts.ts';
import type { Connection } from '../authorization.ts';
import type { Bank } from '../bank.ts';
import type { Role, User } from '../entities.ts';
import type { PaymentServiceProviderDraftPayment } from '../payment-entities.ts';
import { pendingDrafts } from '../provider-drafts.ts';
import { bankName, type Html } from './layout.ts';

/** More are not shown: the newest are. */
const SHOWN_USERS = 50;

/** What each role lets a provider do, as the one who consents understands it. */
const MEANING: Record<Role, readonly string[]> = {
  AISP: ['see your name and account numbers (IBAN)', 'see your balance, cards and transactions'],
  PISP: ['see your name and account numbers (IBAN)', 'prepare payments, each of which you confirm yourself in the app of the bank'],
  CBPII: ['ask whether there is enough money on your account for a payment: the answer is yes or no'],
};

const ROLES = Object.keys(MEANING) as Role[];

function meaningOf({ type, roles }: User): string[] {
  if (type !== 'UserPaymentServiceProvider') return ['see and use your accounts'];
  return [...new Set(ROLES.filter((role) => roles.includes(role)).flatMap((role) => MEANING[role]))];
}

const organisationOf = ({ distinguishedName }: User): string | undefined => /\/O=([^/]+)/.exec(distinguishedName ?? '')?.[1];

/** What is paid at once by whoever accepts. */
function paymentLine({ cents, counterparty, description }: PaymentServiceProviderDraftPayment): Html {
  return html`<br>pays ${eurosOf(cents)} EUR to ${counterparty.name}, ${counterparty.iban}: ${description}`;
}

function userChoice(bank: Bank, provider: User, user: User, isFirst: boolean): Html {
  const [account] = bank.store.of('monetaryAccounts', 'userId', user.id);
  const kind = user.type === 'UserCompany' ? 'business' : 'personal';
  const payments = pendingDrafts(bank, provider, user).map(paymentLine);
  return html`<label class="user"><input type="radio" name="user" value="${user.id}" required ${isFirst ? 'checked' : ''}>
<span>${user.displayName}<br><span class="note">${kind}, ${account?.iban ?? ''}</span>${payments}</span></label>
`;
}

/** Who asks, for what, as whom, and yes or no. */
export function consentBody(bank: Bank, connection: Connection, endUsers: readonly User[]): Html {
  const { requestedBy, client, redirectUri, state } = connection;
  const organisation = organisationOf(requestedBy);
  return html`${bankName}
<h1>${requestedBy.displayName} asks for access to your accounts</h1>
<h2>It will be able to</h2>
<ul>${meaningOf(requestedBy).map((meaning) => html`<li>${meaning}</li>`)}</ul>
<h2>Who asks</h2>
<dl>
${organisation === undefined ? '' : html`<dt>Organisation</dt><dd>${organisation}</dd>`}
${requestedBy.distinguishedName === null ? '' : html`<dt>Certificate</dt><dd>${requestedBy.distinguishedName}</dd>`}
<dt>You go back to</dt><dd>${new URL(redirectUri).host}</dd>
</dl>
<form method="post" action="/auth" autocomplete="off">
<input type="hidden" name="response_type" value="code">
<input type="hidden" name="client_id" value="${client.clientId}">
<input type="hidden" name="redirect_uri" value="${redirectUri}">
${state === null ? '' : html`<input type="hidden" name="state" value="${state}">`}
<fieldset><legend>Whose accounts</legend>
${endUsers.slice(-SHOWN_USERS).map((user, index) => userChoice(bank, requestedBy, user, index === 0))}
</fieldset>
<button class="yes" name="decision" value="accept">Accept</button>
<button name="decision" value="deny" formnovalidate>Deny</button>
</form>
<p class="note">A real bank would ask you to log in. You can take access back at any time: <a href="/auth/connections">your connections</a>.</p>`;
}
