import { Secret } from '../../../sealing/secret.ts';
import { localAddressProblem } from '../../../settings/local-address.ts';

test.each(['127.0.0.1', '127.0.0.2'])('%s is of this machine', async (localAddress) => {
  expect(await localAddressProblem({ localAddress })).toBeNull();
});

test('one of documentation (RFC 5737) is not, which is said with what to do', async () => {
  expect(await localAddressProblem({ localAddress: '192.0.2.1' })).toMatch(
    /^KEEPER_EGRESS_VIA 192\.0\.2\.1 is no address of this machine \(EADDRNOTAVAIL\)(, which has [\d., ]+)?\. Bring it up here, or give /,
  );
});

test('a proxy is on another machine', async () => {
  expect(await localAddressProblem({ proxyUrl: new Secret('http://192.0.2.1:3128') })).toBeNull();
});
