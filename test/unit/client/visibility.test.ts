import { describe, expect, test } from '@jest/globals';
import { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { connectionPages, listConnections } from '../../../client/connection-list.ts';
import { tokenOf, wordOf } from '../../../client/page-token.ts';
import { listRuns, readFields } from '../../../client/visibility.ts';
import { memoFields, statusOf, wantedFacts } from '../../../workflows/status.ts';
import { DAY, onboarded, T0 } from '../workflows/states.ts';

/** What Temporal's visibility lists, as it comes off the wire. */

const payloads = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, defaultPayloadConverter.toPayload(value)]));

const RUN_ID = 'run';

function published(name: string, changes: Parameters<typeof onboarded>[0] = {}) {
  const state = { ...onboarded(changes), name };
  const workflowId = name.includes('/') ? `user.sandbox.${name.replace('/', '.')}` : `provider.sandbox.${name}`;
  const status = statusOf(state, { workflowId, runId: RUN_ID, running: null }, T0 + DAY);
  const memo = { ...memoFields(status, wantedFacts(state)), asOf: new Date(T0).toISOString() };
  const execution = { execution: { workflowId, runId: RUN_ID }, memo: { fields: payloads(memo) } };
  return { status: { ...status, asOf: memo.asOf }, execution };
}

interface Asked {
  readonly query: string;
  readonly pageSize: number;
  readonly nextPageToken?: Uint8Array;
}

/** A client whose server gives these pages, by the query; and what it was asked. */
function server(answer: (asked: Asked) => unknown[][]) {
  const asked: Asked[] = [];
  const listWorkflowExecutions = async (request: Asked) => {
    asked.push(request);
    const pages = answer(request);
    const index = Number(Buffer.from(request.nextPageToken ?? []).toString() || 0);
    return { executions: pages[index] ?? [], nextPageToken: Buffer.from(index + 1 < pages.length ? String(index + 1) : '') };
  };
  const connection = { workflowService: { listWorkflowExecutions }, options: {}, plugins: [], ensureConnected: async () => {} };
  return { client: new Client({ connection: connection as never }), asked };
}

const [acme, alice, bob] = [published('acme'), published('acme/alice'), published('acme/bob')];

test('a status that is listed is what was published, to the last field, and of some fields only these', async () => {
  const { client } = server(() => [[acme.execution]]);
  expect(await listConnections(client, 'sandbox', {})).toEqual([acme.status]);
  const [some] = await listConnections(client, 'sandbox', {}, ['session', 'steps']);
  expect(some).toMatchObject({ name: 'acme', session: acme.status.session, steps: acme.status.steps });
  expect(some).not.toHaveProperty('since');
});

test('a field that is no JSON is left out, and none is read that nobody wants', () => {
  const { state, none } = { state: defaultPayloadConverter.toPayload('ACTIVE'), none: defaultPayloadConverter.toPayload(undefined) };
  const broken = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') };
  const sealed = { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('?') };
  expect(readFields({ state, none, sealed })).toEqual({ state: 'ACTIVE' });
  expect(readFields({ state, broken }, new Set(['state']))).toEqual({ state: 'ACTIVE' });
  expect(() => readFields({ state, broken })).toThrow(SyntaxError);
  expect(readFields(null)).toEqual({});
});

test('pages are asked for one after the other, and only as they are read', async () => {
  const { client, asked } = server(() => [[acme.execution], [alice.execution], [bob.execution]]);
  for await (const { next } of listRuns(client, 'query', { pageSize: 1 })) if (next && Buffer.from(next).toString() === '2') break;
  expect(asked.map(({ pageSize, nextPageToken }) => [pageSize, nextPageToken && Buffer.from(nextPageToken).toString()])).toEqual([
    [1, undefined],
    [1, '1'],
  ]);
});

describe('a page of connections', () => {
  test('has each provider before its end users, none that an earlier page had, and none of an environment whose name begins alike', async () => {
    const foreign = structuredClone(acme.execution);
    foreign.execution.workflowId = 'provider.sandbox.two.acme';
    const { client } = server(() => [
      [bob.execution, foreign, acme.execution],
      [acme.execution, alice.execution],
    ]);
    const pages = [];
    for await (const { connections } of connectionPages(client, 'sandbox')) pages.push(connections.map(({ name }) => name));
    expect(pages).toEqual([['acme', 'acme/bob'], ['acme/alice']]);
  });

  test('goes on behind another by its token, and a token that is none is never sent', async () => {
    const { client, asked } = server(() => [[acme.execution], [alice.execution]]);
    const { value: first } = await connectionPages(client, 'sandbox').next();
    const rest = [];
    for await (const { connections } of connectionPages(client, 'sandbox', {}, { after: first!.next! })) rest.push(...connections);
    expect(rest).toEqual([alice.status]);
    asked.length = 0;
    for (const after of ['', 'nonsense', first!.next!.slice(0, -1), ` ${first!.next}`])
      await expect(connectionPages(client, 'sandbox', {}, { after }).next()).rejects.toThrow(/take the whole token/);
    expect(asked).toEqual([]);
  });

  test('is chosen by the memo where the namespace lacks our search attributes', async () => {
    const other = published('other', { egress: 'second' });
    const { client, asked } = server(({ query }) => {
      if (query.includes('Keeper')) throw Object.assign(new Error('no mapping'), { code: 3 });
      return [[other.execution], [acme.execution]];
    });
    const found = await listConnections(client, 'sandbox', { egress: 'second' }, ['name']);
    expect(found.map(({ name }) => name)).toEqual(['other']);
    expect(asked.map(({ query }) => query.includes('KeeperEgress'))).toEqual([true, false, false]);
  });

  test('is not chosen otherwise where Temporal does not answer', async () => {
    const { client, asked } = server(() => {
      throw Object.assign(new Error('unavailable'), { code: 14 });
    });
    await expect(listConnections(client, 'sandbox', { egress: 'second' })).rejects.toThrow('unavailable');
    expect(asked).toHaveLength(1);
  });
});

test('a token comes back as it was given', () => {
  const token = Buffer.from('{"CloseTime":"9999-12-31","RunID":"run"}');
  expect(tokenOf(wordOf(token))).toEqual(token);
  expect(wordOf(token)).toMatch(/^[\w-]+$/);
});
