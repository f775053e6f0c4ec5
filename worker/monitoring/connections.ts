import type { ConnectionStatus } from '../../workflows/messages.ts';
import { isUserName, providerOf } from '../../workflows/names.ts';
import type { LifecycleState } from '../../workflows/state.ts';
import type { Kind, Metrics } from './metrics.ts';

/**
 * What metrics tell of connections: of each provider, and of its end users together; of each end user only while there are not too
 * many of them. Pure, but for setting the gauges.
 */

export const LISTED_FIELDS = ['name', 'egress', 'state', 'session', 'certificate', 'action'] as const;

export type ListedStatus = Pick<ConnectionStatus, (typeof LISTED_FIELDS)[number]>;

/** Providers by their own name; the rest, by name, are one: an API-key user counts as a provider, and there may be any number. */
export const MOST_PROVIDERS = 1000;
export const OTHER_PROVIDERS = '_other';

/** End users in trouble have series of their own also where there are too many of them: up to so many. */
export const MOST_IN_TROUBLE = 100;

/** The worst first. */
const TROUBLE: readonly LifecycleState[] = ['LAPSED', 'ACTION_REQUIRED', 'DEGRADED'];

/** Nobody renews what these have left. */
const IS_OVER: readonly LifecycleState[] = ['REVOKED', 'DISCONNECTED'];

export interface ConnectionFigures {
  readonly groups: readonly Group[];
  readonly certificates: ReadonlyMap<string, number>;
  /** With series of their own. */
  readonly shown: readonly Shown[];
  readonly endUsersNotShown: number;
}

/** The connections of one kind of one provider. */
export interface Group {
  readonly provider: string;
  readonly kind: Kind;
  readonly states: Map<LifecycleState, number>;
  readonly actions: Map<string, number>;
  closed: number;
  overdue: number;
  /** Of the sessions served; null without one. */
  earliestExpiresAtMs: number | null;
  leastLifeLeft: number | null;
}

interface Shown {
  readonly connection: string;
  readonly provider: string;
  readonly state: LifecycleState;
  readonly session: { readonly expiresAtMs: number; readonly renewAtMs: number } | null;
}

/**
 * @param statuses of the connections that run
 * @param closed of those whose workflow was closed other than by `disconnect`: only their names count
 * @param mostEndUsers with series of their own; where there are more, none has, but those in trouble
 */
export function figuresOf(
  statuses: readonly ListedStatus[],
  closed: readonly Pick<ListedStatus, 'name'>[],
  mostEndUsers: number,
  nowMs: number,
): ConnectionFigures {
  const labelOf = providerLabels([...statuses, ...closed]);
  const groups = new Map<string, Group>();
  const groupOf = (name: string): Group => {
    const [provider, kind] = [labelOf(name), kindOf(name)];
    const group = groups.get(`${kind} ${provider}`) ?? newGroup(provider, kind);
    groups.set(`${kind} ${provider}`, group);
    return group;
  };
  const certificates = new Map<string, number>();
  for (const status of statuses) {
    count(groupOf(status.name), status, nowMs);
    if (status.certificate && !IS_OVER.includes(status.state)) {
      const expiresAtMs = Date.parse(status.certificate.expiresAt);
      const provider = labelOf(status.name);
      certificates.set(provider, Math.min(expiresAtMs, certificates.get(provider) ?? Number.POSITIVE_INFINITY));
    }
  }
  for (const { name } of closed) groupOf(name).closed++;
  const endUsers = statuses.filter(({ name }) => isUserName(name));
  const shownUsers = endUsers.length <= mostEndUsers ? endUsers : inTrouble(endUsers, nowMs);
  const providers = statuses.filter(({ name }) => !isUserName(name) && labelOf(name) === name);
  return {
    groups: [...groups.values()],
    certificates,
    shown: [...providers, ...shownUsers].map((status) => shownOf(status, labelOf(status.name), nowMs)),
    endUsersNotShown: endUsers.length - shownUsers.length,
  };
}

/** A session that has ended since the state was published: no worker was there to say so. */
function stateNow({ state, session }: ListedStatus, nowMs: number): LifecycleState {
  const hasEnded = session !== null && Date.parse(session.expiresAt) <= nowMs;
  return hasEnded && (state === 'ACTIVE' || state === 'RENEWING' || state === 'DEGRADED') ? 'LAPSED' : state;
}

export const kindOf = (name: string): Kind => (isUserName(name) ? 'user' : 'provider');

function providerLabels(statuses: readonly Pick<ListedStatus, 'name'>[]): (name: string) => string {
  const names = [...new Set(statuses.map(({ name }) => providerOf(name)))].sort();
  const named = new Set(names.slice(0, MOST_PROVIDERS));
  return (name) => (named.has(providerOf(name)) ? providerOf(name) : OTHER_PROVIDERS);
}

const newGroup = (provider: string, kind: Kind): Group => ({
  provider,
  kind,
  states: new Map(),
  actions: new Map(),
  closed: 0,
  overdue: 0,
  earliestExpiresAtMs: null,
  leastLifeLeft: null,
});

function count(group: Group, status: ListedStatus, nowMs: number): void {
  const state = stateNow(status, nowMs);
  const add = <Key>(counts: Map<Key, number>, key: Key) => counts.set(key, (counts.get(key) ?? 0) + 1);
  add(group.states, state);
  if (status.action) add(group.actions, status.action.code);
  if (!status.session || IS_OVER.includes(state)) return;
  const [openedAtMs, renewAtMs, expiresAtMs] = [status.session.openedAt, status.session.renewAt, status.session.expiresAt].map(
    Date.parse,
  ) as [number, number, number];
  if (renewAtMs <= nowMs) group.overdue++;
  const lifeLeft = Math.max(0, (expiresAtMs - nowMs) / Math.max(1, expiresAtMs - openedAtMs));
  group.earliestExpiresAtMs = Math.min(expiresAtMs, group.earliestExpiresAtMs ?? Number.POSITIVE_INFINITY);
  group.leastLifeLeft = Math.min(lifeLeft, group.leastLifeLeft ?? Number.POSITIVE_INFINITY);
}

function inTrouble(endUsers: readonly ListedStatus[], nowMs: number): ListedStatus[] {
  const found = endUsers.filter((status) => TROUBLE.includes(stateNow(status, nowMs)));
  const rank = (status: ListedStatus) => TROUBLE.indexOf(stateNow(status, nowMs));
  return found.sort((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1)).slice(0, MOST_IN_TROUBLE);
}

const shownOf = (status: ListedStatus, provider: string, nowMs: number): Shown => ({
  connection: status.name,
  provider,
  state: stateNow(status, nowMs),
  session: status.session && { expiresAtMs: Date.parse(status.session.expiresAt), renewAtMs: Date.parse(status.session.renewAt) },
});

const seconds = (ms: number) => ms / 1000;

/** What is not there any more goes. */
export function showConnections(metrics: Metrics, { groups, certificates, shown, endUsersNotShown }: ConnectionFigures): void {
  const { connections, closedConnections, actionsRequired, sessionsOverdue } = metrics;
  const { earliestExpiration, leastLifeLeft, certificateExpiration } = metrics;
  const { sessionExpiration, sessionRenewal, connectionState } = metrics;
  for (const gauge of [connections, closedConnections, actionsRequired, sessionsOverdue]) gauge.reset();
  for (const gauge of [earliestExpiration, leastLifeLeft, certificateExpiration]) gauge.reset();
  for (const gauge of [sessionExpiration, sessionRenewal, connectionState]) gauge.reset();
  for (const group of groups) {
    const { provider, kind } = group;
    for (const [state, number] of group.states) connections.set({ provider, kind, state }, number);
    for (const [code, number] of group.actions) actionsRequired.set({ provider, kind, code }, number);
    closedConnections.set({ provider, kind }, group.closed);
    sessionsOverdue.set({ provider, kind }, group.overdue);
    if (group.earliestExpiresAtMs !== null) earliestExpiration.set({ provider, kind }, seconds(group.earliestExpiresAtMs));
    if (group.leastLifeLeft !== null) leastLifeLeft.set({ provider, kind }, group.leastLifeLeft);
  }
  for (const [provider, expiresAtMs] of certificates) certificateExpiration.set({ provider }, seconds(expiresAtMs));
  for (const { connection, provider, state, session } of shown) {
    connectionState.set({ connection, provider, state }, 1);
    if (!session) continue;
    sessionExpiration.set({ connection, provider }, seconds(session.expiresAtMs));
    sessionRenewal.set({ connection, provider }, seconds(session.renewAtMs));
  }
  metrics.endUsersNotShown.set(endUsersNotShown);
}
