import { parseAddressList } from '../../../settings/address-list.ts';

test.each([
  ['bunq', '185.40.108.0', true],
  ['bunq', '185.40.111.255', true],
  ['bunq', '185.40.112.0', false],
  ['bunq', '::ffff:185.40.109.7', true],
  ['203.0.113.7, 10.0.0.0/8', '203.0.113.7', true],
  ['203.0.113.7, 10.0.0.0/8', '10.200.0.1', true],
  ['203.0.113.7, 10.0.0.0/8', '203.0.113.8', false],
  ['2001:db8::/32', '2001:db8:1::1', true],
  ['::1', '::1', true],
  ['0.0.0.0/0', '', false],
  ['0.0.0.0/0', 'unknown', false],
])('of %s is %p: %p', (text, address, isOne) => {
  expect(parseAddressList(text)!.has(address)).toBe(isOne);
});

test.each(['', 'bunq.com', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '1.2.3', 'bunq,', '::1/129'])(
  '%p is no list of addresses',
  (text) => {
    expect(parseAddressList(text)).toBeNull();
  },
);
