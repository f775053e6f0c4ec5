// Onboards a user of the sandbox with the library, waits until its session is kept, and reads its accounts.
import { setTimeout as sleep } from 'node:timers/promises';
import { Keeper } from 'bunq-keeper';

const keeper = await Keeper.connect(); // by BUNQ_ENVIRONMENT, KEEPER_SEALING_KEYS_FILE, TEMPORAL_ADDRESS …
await keeper.onboard('mine', { credential: { type: 'sandbox-user' }, callbackUrls: [], permittedIps: [] });

let status = await keeper.status('mine');
for (; status.state !== 'ACTIVE'; status = await keeper.status('mine')) {
  console.log(status.state, status.action?.remedy ?? '');
  await sleep(1000);
}
console.log(status.state, status.session?.expiresAt);

const answer = await keeper.fetch('mine', '/user/{userId}/monetary-account?count=10'); // a Web Response, also for a refusal
const { Response: accounts } = (await answer.json()) as { Response: Record<string, { balance: { value: string; currency: string } }>[] };
for (const [type, { balance }] of accounts.flatMap((account) => Object.entries(account)))
  console.log(type, balance.value, balance.currency);
await keeper.close();
