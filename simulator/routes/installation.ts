import { z } from 'zod';
import { answer, BadParameter, BankRefusal, readBody, refusals } from '../answers.ts';
import type { Bank } from '../bank.ts';
import { bunqTime } from '../clock.ts';
import type { Installation } from '../entities.ts';
import { answerList } from '../pagination.ts';
import { newToken } from '../random.ts';
import type { AnonymousCall, InstallationCall, Route, SessionCall } from '../route.ts';
import { readClientPublicKey } from '../signatures.ts';

const bodySchema = z.object({ client_public_key: z.string() });

/** A client's public key as it was sent, and as SPKI in PEM. */
export type ClientPublicKey = Pick<Installation, 'publicKeyText' | 'publicKeyPem'>;

export function createInstallation({ store }: Bank, publicKey: ClientPublicKey, nowMs: number): Installation {
  return store.put('installations', {
    id: store.nextId(),
    tokenId: store.nextId(),
    token: newToken(),
    ...publicKey,
    createdAtMs: nowMs,
    revokedAtMs: null,
    uses: 0,
  });
}

function create({ bank, body, nowMs }: AnonymousCall) {
  const { client_public_key: publicKeyText } = readBody(bodySchema, body);
  const publicKey = readClientPublicKey(publicKeyText);
  if (publicKey === null) throw new BadParameter('The client public key must be an RSA 2048 public key in PEM.');
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  if (
    bank.settings.refuseRepeatedPublicKey &&
    bank.store.find('installations', (other) => other.publicKeyPem === publicKeyPem) !== undefined
  )
    throw new BankRefusal(400, 'The client public key is in use already.');
  const installation = createInstallation(bank, { publicKeyText, publicKeyPem }, nowMs);
  const time = bunqTime(nowMs);
  return answer(
    { Id: { id: installation.id } },
    { Token: { id: installation.tokenId, created: time, updated: time, token: installation.token } },
    { ServerPublicKey: { server_public_key: bank.serverKey.publicKeyPem } },
  );
}

function list({ bank, request, caller }: SessionCall) {
  return answerList(bank, request, [caller.installation], ({ id }) => ({ Id: { id } }));
}

/** The id must be the one of the installation in use. */
function read({ caller, id }: InstallationCall) {
  if (id('itemId') !== caller.installation.id) throw refusals.notFound('Installation');
  return answer({ Id: { id: caller.installation.id } });
}

function listServerPublicKeys({ bank, request, caller, id }: InstallationCall) {
  if (id('installationID') !== caller.installation.id) throw refusals.notFound('Installation');
  return answerList(bank, request, [caller.installation], () => ({ ServerPublicKey: { server_public_key: bank.serverKey.publicKeyPem } }));
}

export const installationRoutes: readonly Route[] = [
  { method: 'POST', path: '/installation', token: 'none', perform: create },
  { method: 'GET', path: '/installation', token: 'session', perform: list },
  { method: 'GET', path: '/installation/{itemId}', token: 'session', perform: read },
  // Documented without "You must have an active session", which the two above have.
  {
    method: 'GET',
    path: '/installation/{installationID}/server-public-key',
    token: 'installation-or-session',
    perform: listServerPublicKeys,
  },
];
