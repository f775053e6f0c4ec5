import { html } from 'hono/html';
import type { Bank } from '../bank.ts';
import type { UserApiKey } from '../entities.ts';
import { bankName, type Html } from './layout.ts';

function connectionItem({ store }: Bank, grant: UserApiKey): Html {
  const requestedBy = store.get('users', grant.requestedByUserId)!.displayName;
  const grantedBy = store.get('users', grant.grantedByUserId)!.displayName;
  const since = new Date(grant.createdAtMs).toISOString().slice(0, 10);
  return html`<section>
<h2>${requestedBy}</h2>
<p>has access to the accounts of ${grantedBy}, since ${since}</p>
<form method="post" action="/auth/connections">
<input type="hidden" name="userApiKeyId" value="${grant.id}">
<button>Take access back</button>
</form>
</section>
`;
}

/** What end users granted and have not taken back. */
export function connectionsBody(bank: Bank): Html {
  const living = bank.store.all('userApiKeys').filter(({ revokedAtMs }) => revokedAtMs === null);
  return html`${bankName}
<h1>Connections</h1>
${living.length === 0 ? html`<p>Nobody has access to your accounts.</p>` : ''}
${living.map((grant) => connectionItem(bank, grant))}`;
}
