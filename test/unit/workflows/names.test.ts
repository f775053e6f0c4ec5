import {
  connectionWorkflowId,
  egressTaskQueue,
  isNamedSigner,
  NAME_PATTERN,
  parseWorkflowId,
  providerIdOf,
  providerWorkflowId,
  signerTaskQueue,
  workflowTaskQueue,
} from '../../../workflows/names.ts';

test.each(['sandbox', 'production', '127.0.0.1:8090', 'bank.example'])('a workflow id of %s is taken apart again', (environment) => {
  const workflowId = providerWorkflowId(environment, 'acme-1');
  expect(workflowId).toBe(`provider.${environment}.acme-1`);
  expect(parseWorkflowId(workflowId)).toEqual({ type: 'provider', environment, name: 'acme-1' });
});

test("an end user's id has its provider in front of its name", () => {
  expect(connectionWorkflowId('sandbox', 'acme/ada')).toBe('user.sandbox.acme.ada');
  expect(parseWorkflowId('user.127.0.0.1:8090.acme.ada')).toEqual({ type: 'user', environment: '127.0.0.1:8090', name: 'acme/ada' });
});

test.each(['', 'acme', 'user.sandbox.ada', 'provider.sandbox', 'provider.sandbox.Acme'])('%j is no id of a connection', (id) => {
  expect(parseWorkflowId(id)).toBeUndefined();
});

test.each([
  ['user.127.0.0.1:8090.acme.ada', 'provider.127.0.0.1:8090.acme'],
  ['provider.sandbox.acme', 'provider.sandbox.acme'],
  ['session-gate.sandbox.acme', 'session-gate.sandbox.acme'],
])('%s works by what is sealed for %s', (workflowId, provider) => {
  expect(providerIdOf(workflowId)).toBe(provider);
});

test('task queues carry the environment, and the egress or the signer', () => {
  expect([workflowTaskQueue('sandbox'), egressTaskQueue('sandbox', 'default'), signerTaskQueue('sandbox', 'hsm')]).toEqual([
    'bunq-keeper.sandbox',
    'bunq-keeper.sandbox.default',
    'bunq-keeper.sandbox.qseal.hsm',
  ]);
});

test('a signer is named, or given directly', () => {
  expect(['acme-hsm', 'file:/k.pem', 'exec:/p', 'https://s'].map(isNamedSigner)).toEqual([true, false, false, false]);
});

test.each([
  ['acme', true],
  ['0-a', true],
  ['a'.repeat(63), true],
  ['a'.repeat(64), false],
  ['-a', false],
  ['a.b', false],
  ['ada@example.com', false],
  ['', false],
])('%j as a name: %j', (name, good) => {
  expect(NAME_PATTERN.test(name)).toBe(good);
});
