import { isIPv6 } from 'node:net';

/** Where a server listens. */
export interface HostPort {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** `127.0.0.1:8095`, `[::1]:8095`, `localhost:8095`; null when it is none. */
export function parseHostPort(text: string): HostPort | null {
  const [, v6, name, digits] = /^(?:\[([\da-f:.]+)\]|([a-z\d.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  if (host === undefined || port > 65_535 || (v6 !== undefined && !isIPv6(v6))) return null;
  return { host, port };
}
