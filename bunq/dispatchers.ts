import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { Timeouts } from './bank.ts';
import { BunqConfigError } from './errors.ts';
import { isLoopback } from './loopback.ts';

/** As in HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export interface Proxies {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  readonly noProxy?: string | undefined;
}

/**
 * Makes what requests to an address leave by: through the proxy for its protocol, never on loopback.
 * @throws BunqConfigError when the proxy's address cannot be used
 */
export function dispatchersTo(
  url: URL,
  { connectMs, headersMs, bodyMs }: Pick<Timeouts, 'connectMs' | 'headersMs' | 'bodyMs'>,
  proxy: Proxies,
): () => Dispatcher {
  const agentOptions = { connect: { timeout: connectMs }, headersTimeout: headersMs, bodyTimeout: bodyMs, allowH2: false };
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
  return () => new EnvHttpProxyAgent({ ...agentOptions, ...proxies, proxyTls: { timeout: connectMs }, requestTls: { timeout: connectMs } });
}

/** An address may hold a password, in its user part or its query: neither is shown. */
export function shownUrl(text: string): string {
  if (!URL.canParse(text)) return text.includes('@') ? '[not shown]' : JSON.stringify(text.slice(0, 100));
  const { protocol, host, pathname } = new URL(text);
  return JSON.stringify(`${protocol}//${host}${pathname}`.slice(0, 100));
}
