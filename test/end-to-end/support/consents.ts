import type { CompletedAuthorization } from '../../../client/authorizations.ts';
import type { KnownStatus } from '../../../client/known-status.ts';
import type { Simulator } from '../../../simulator/index.ts';
import { until } from '../../support/until.ts';
import type { Scene } from './scene.ts';
import { onboardingOf } from './who.ts';

export const PROVIDER = 'acme';
const CALLBACKS = ['https://acme.example/callback'];

/** The provider, ACTIVE: its end users can be asked. */
export async function onboardProvider({ keeper }: Scene, bank: Simulator): Promise<void> {
  await keeper.onboard(PROVIDER, await onboardingOf('provider', bank, CALLBACKS));
  await untilStatus(keeper, PROVIDER, ({ state }) => state === 'ACTIVE');
}

/** How end users of a provider consent, at the bank's page without a browser; each is a person of their own at the bank. */
export class Consents {
  /** That the bank has made. */
  codes = 0;
  readonly #here: Scene;
  readonly #bank: Simulator;
  readonly #persons = new Map<string, number>();

  constructor(here: Scene, bank: Simulator) {
    this.#here = here;
    this.#bank = bank;
  }

  /** The end user accepts, and comes back with a code, or denies. @returns the URL that the bank sends them to */
  async consent(user: string, { deny = false } = {}): Promise<string> {
    const { authorizationUrl } = await until('there is a link', () => this.#here.keeper.connectUser(PROVIDER, user)); // a busy worker takes its time
    if (!deny) this.codes++;
    return this.#bank.authorize({ ...askedBy(authorizationUrl), user: this.personOf(user), deny });
  }

  /** The keeper is told, and nobody waits for its answer: the worker may be killed meanwhile. */
  bring(redirect: string): void {
    this.#here.keeper.completeAuthorization(redirect).catch(() => {});
  }

  async connect(user: string): Promise<KnownStatus> {
    this.bring(await this.consent(user));
    return this.untilActive(user);
  }

  untilActive(user: string): Promise<KnownStatus> {
    const isActive = ({ state, authorization }: KnownStatus) => state === 'ACTIVE' && authorization?.status === 'connected';
    return untilStatus(this.#here.keeper, `${PROVIDER}/${user}`, isActive);
  }

  /** The code brought nothing. */
  untilFailed(user: string): Promise<KnownStatus> {
    return untilStatus(this.#here.keeper, `${PROVIDER}/${user}`, ({ authorization }) => authorization?.status === 'failed');
  }

  personOf(user: string): number {
    const known = this.#persons.get(user);
    if (known !== undefined) return known;
    const { id } = this.#bank.createEndUser();
    this.#persons.set(user, id);
    return id;
  }

  /** Requests to the token endpoint: as many as there were codes, when none was sent twice. */
  get exchanges(): number {
    return this.#bank.requests().filter(({ endpoint }) => endpoint === 'POST /token').length;
  }

  /** What the user has granted at the bank: whether a session that is served or could be stands on it. */
  async grantsOf(user: string): Promise<{ inUse: number; unused: number; isServed: boolean }> {
    const session = await this.#here.keeper.session(`${PROVIDER}/${user}`);
    const { sessions } = this.#bank.state();
    const grants = this.#bank.grants().filter(({ grantedByUserId }) => grantedByUserId === this.personOf(user));
    const used = grants.filter(({ userApiKeyId }) => sessions.some(({ status, userId }) => status === 'ACTIVE' && userId === userApiKeyId));
    const isServed = sessions.some(({ id, status }) => id === session?.sessionId && status === 'ACTIVE');
    return { inUse: used.length, unused: grants.length - used.length, isServed };
  }
}

/** What a link asks of an end user, at the bank's page without a browser. */
export function askedBy(link: string): { clientId: string; redirectUri: string; state: string } {
  const { client_id: clientId, redirect_uri: redirectUri, state } = Object.fromEntries(new URL(link).searchParams);
  return { clientId: clientId!, redirectUri: redirectUri!, state: state! };
}

/** As a person does it who is new at the bank: follows the link, accepts, and comes back. On a busy machine each step may take longer than it waits. */
export async function connectPerson({ keeper }: Scene, bank: Simulator, user: string): Promise<CompletedAuthorization> {
  const { authorizationUrl } = await until('a link is made', () => keeper.connectUser(PROVIDER, user));
  const { id } = bank.createEndUser({ displayName: user });
  const url = bank.authorize({ ...askedBy(authorizationUrl), user: id });
  return until('the redirect is taken', () => keeper.completeAuthorization(url, `${PROVIDER}/${user}`));
}

/** What the bank holds of the provider itself, and which of its sessions is served. */
export async function providerAt({ keeper }: Scene, bank: Simulator): Promise<unknown> {
  const session = await keeper.session(PROVIDER);
  const { credentials, devices, sessions, oauthClients, callbackUrls } = bank.state();
  const own = <Entity extends { readonly userId: number }>(all: readonly Entity[]) =>
    all.filter(({ userId }) => userId === session?.user.id);
  const ids = (all: readonly { readonly id: number }[]) => all.map(({ id }) => id);
  return {
    state: (await keeper.status(PROVIDER)).state,
    sessionId: session?.sessionId,
    held: [credentials, devices, sessions, oauthClients].map((all) => ids(own<{ id: number; userId: number }>(all))),
    callbackUrls,
  };
}

export function untilStatus(keeper: Scene['keeper'], name: string, fits: (status: KnownStatus) => boolean): Promise<KnownStatus> {
  let seen: unknown = null;
  const look = async () => {
    const status = await keeper.status(name);
    seen = status;
    return status.worker !== false && fits(status) ? status : null;
  };
  return until(`${name} is as it should be`, look, { everyMs: 500, seen: () => seen });
}

export const untilActive = ({ keeper }: Pick<Scene, 'keeper'>, name: string) =>
  until(`${name} is ACTIVE`, async () => (await keeper.status(name)).state === 'ACTIVE');

/** On a busy machine, or after a kill, it may take longer than the keeper waits. */
export const askToRenew = ({ keeper }: Pick<Scene, 'keeper'>, name: string) =>
  until(`${name} is asked to renew`, () => keeper.renew(name).then(() => true));
