import { isIP } from 'node:net';
import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici';
import type { Secret } from '../sealing/secret.ts';
import type { Timeouts } from './bank.ts';
import { BunqConfigError } from './errors.ts';
import { isLoopback } from './loopback.ts';

/** As in HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export interface Proxies {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  readonly noProxy?: string | undefined;
}

/** The way by which an egress's calls leave: an IP address of this machine, or a proxy's URL, which may hold a password. */
export type EgressWay = { readonly localAddress: string } | { readonly proxyUrl: Secret };

/**
 * Makes what requests to an address leave by: the egress's own way, else through the proxy for its protocol; never a proxy on loopback.
 * @throws BunqConfigError when the proxy's address cannot be used
 */
export function dispatchersTo(
  url: URL,
  { connectMs, headersMs, bodyMs }: Pick<Timeouts, 'connectMs' | 'headersMs' | 'bodyMs'>,
  proxy: Proxies,
  way: EgressWay | null = null,
): () => Dispatcher {
  const agentOptions = { connect: { timeout: connectMs }, headersTimeout: headersMs, bodyTimeout: bodyMs, allowH2: false };
  if (way && 'localAddress' in way) {
    const { localAddress } = way;
    const connect = { timeout: connectMs, family: isIP(localAddress) }; // the other family's addresses cannot be reached from it
    return () => new Agent({ ...agentOptions, connect, localAddress });
  }
  const tunnelOptions = { ...agentOptions, proxyTls: { timeout: connectMs }, requestTls: { timeout: connectMs } };
  if (way && !isLoopback(url)) return () => new ProxyAgent({ ...tunnelOptions, uri: way.proxyUrl.text() });
  const proxyUrl = url.protocol === 'https:' ? proxy.httpsProxy : proxy.httpProxy;
  if (isLoopback(url) || !proxyUrl) return () => new Agent(agentOptions);
  const parsed = URL.canParse(proxyUrl) ? new URL(proxyUrl) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw new BunqConfigError(
      `The proxy's address ${shownUrl(proxyUrl)} is not an http:// or https:// URL. Correct HTTPS_PROXY, or unset it.`,
    );
  }
  // An empty string keeps undici from reading the environment itself.
  const proxies = { httpProxy: proxy.httpProxy ?? '', httpsProxy: proxy.httpsProxy ?? '', noProxy: proxy.noProxy ?? '' };
  return () => new EnvHttpProxyAgent({ ...tunnelOptions, ...proxies });
}

/** An address may hold a password, in its user part or its query: neither is shown. */
export function shownUrl(text: string): string {
  if (!URL.canParse(text)) return text.includes('@') ? '[not shown]' : JSON.stringify(text.slice(0, 100));
  const { protocol, host, pathname } = new URL(text);
  return JSON.stringify(`${protocol}//${host}${pathname}`.slice(0, 100));
}

/** `203.0.113.7`, or `the proxy http://proxy.example:3128`. */
export const shownWay = (way: EgressWay): string =>
  'localAddress' in way ? way.localAddress : `the proxy ${new URL(way.proxyUrl.text()).origin}`;
