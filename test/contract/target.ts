import { type Simulator, startSimulator } from '../../simulator/index.ts';
import type { Asked } from './arguments.ts';
import type { Target } from './bank.ts';
import type { Time } from './pace.ts';

export const SANDBOX = { apiUrl: 'https://public-api.sandbox.bunq.com/v1/', tokenUrl: 'https://api-oauth.sandbox.bunq.com/v1/token' };

export const realTime: Time = {
  nowMs: Date.now,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  pass: null,
};

/** bunq's sandbox, or a bank on this machine that stands in for it: neither its clock nor its end users do what we want. */
export function remoteTarget({ apiUrl, apiKey, accessToken }: Asked, time: Time): Target {
  const urls = apiUrl === null ? SANDBOX : { apiUrl, tokenUrl: new URL('token', apiUrl).href };
  return { ...urls, title: urls.apiUrl, time, otherAddress: null, apiKey, accessToken, consent: null };
}

/** A simulator with its limits, whose clock goes on when somebody waits. */
export async function simulatorTarget(): Promise<{ target: Target; simulator: Simulator }> {
  let nowMs = Date.now();
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const time: Time = { nowMs: () => nowMs, sleep: async (ms) => pass(ms), pass };
  const simulator = await startSimulator({ nowMs: time.nowMs });
  const target = {
    title: 'the simulator',
    apiUrl: simulator.apiUrl,
    tokenUrl: simulator.tokenUrl,
    time,
    otherAddress: process.platform === 'linux' ? '127.0.0.2' : null, // all of 127.0.0.0/8 is this machine there
    apiKey: null,
    accessToken: null,
    consent: (asked: { clientId: string; redirectUri: string }) => new URL(simulator.authorize(asked)).searchParams.get('code') ?? 'none',
  };
  return { target, simulator };
}
