import { permittedIpsFor } from '../../../activities/device.ts';

test.each([
  ['nothing asked: the field is left out, which binds to the calling address', [], '203.0.113.1', []],
  ['any, with the own address known', ['any'], '203.0.113.1', ['203.0.113.1', '*']],
  ['any, without', ['any'], null, ['*']],
  ['addresses: the own one is added, or the bank refuses the list', ['203.0.113.7'], '203.0.113.1', ['203.0.113.1', '203.0.113.7']],
  ['the own address among them is not repeated', ['203.0.113.1', '203.0.113.7'], '203.0.113.1', ['203.0.113.1', '203.0.113.7']],
  ['addresses and any', ['203.0.113.7', 'any'], null, ['203.0.113.7', '*']],
])('%s', (_what, permitted, own, sent) => {
  expect(permittedIpsFor(permitted, own)).toEqual(sent);
});
