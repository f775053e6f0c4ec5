import { BlockList, isIP } from 'node:net';

/** Single addresses and networks. */
export interface AddressList {
  has(address: string): boolean;
}

/** From where bunq sends notifications. */
const BUNQ = '185.40.108.0/22';

/** `bunq, 203.0.113.7, 2001:db8::/32`; null when a part of it is none of these. */
export function parseAddressList(text: string): AddressList | null {
  const list = new BlockList();
  const isAdded = text.split(',').map((part) => add(list, part.trim() === 'bunq' ? BUNQ : part.trim()));
  return isAdded.every(Boolean) ? { has: (address) => isIP(address) !== 0 && list.check(address, familyOf(address)) } : null;
}

function add(list: BlockList, part: string): boolean {
  const [address = '', prefix, ...more] = part.split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)]!;
  const bits = prefix === undefined ? most : Number(/^\d{1,3}$/.test(prefix) ? prefix : Number.NaN);
  if (more.length > 0 || !(bits >= 0 && bits <= most) || address.includes('%')) return false; // a zone is one machine's own
  list.addSubnet(address, bits, familyOf(address));
  return true;
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
