import type { WantedFacts } from '../workflows/status.ts';

/** What an `onboard` gave that differs from what is there, each with the command that makes the change. Pure. */
export function differences(name: string, present: WantedFacts, given: WantedFacts): string[] {
  const found: string[] = [];
  if (present.credential !== given.credential) {
    found.push(
      `It was onboarded with ${present.credential}, and ${given.credential} was given. Use another name, or: bunq-keeper disconnect ${name}`,
    );
  }
  if (present.fingerprintSha256 !== given.fingerprintSha256 && present.credential === given.credential) {
    found.push(`The certificate differs. To roll over: bunq-keeper resume ${name} --certificate F --chain F --signer S`);
  } else if (present.signer !== given.signer && present.credential === given.credential) {
    found.push(
      `The signer is ${present.signer}, and ${given.signer} was given. To change it: bunq-keeper resume ${name} --certificate F --chain F --signer ${given.signer}`,
    );
  }
  const [add, remove] = [without(given.callbackUrls, present.callbackUrls), without(present.callbackUrls, given.callbackUrls)];
  if (add.length > 0)
    found.push(`It lacks the callback URL ${add.join(', ')}. To add: bunq-keeper callback-urls ${name} add ${add.join(' ')}`);
  if (remove.length > 0)
    found.push(
      `It also has the callback URL ${remove.join(', ')}. To remove: bunq-keeper callback-urls ${name} remove ${remove.join(' ')}`,
    );
  if (without(given.permittedIps, present.permittedIps).length + without(present.permittedIps, given.permittedIps).length > 0) {
    const shown = (ips: string[]) => ips.join(', ') || 'the calling address';
    found.push(
      `Its API key is permitted for ${shown(present.permittedIps)}, and ${shown(given.permittedIps)} was given. To change it: bunq-keeper disconnect ${name}, then onboard again`,
    );
  }
  return found;
}

const without = (all: string[], some: string[]) => all.filter((one) => !some.includes(one));
