import type { Proxies } from '../bunq/dispatchers.ts';

/** Proxies for bank calls; loopback is never proxied. */
export const PROXY_SETTINGS = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'] as const;

export type ProxySettings = Proxies;

export const proxySettings = (values: Partial<Record<(typeof PROXY_SETTINGS)[number], string | undefined>>): ProxySettings => ({
  httpProxy: values.HTTP_PROXY ?? values.http_proxy,
  httpsProxy: values.HTTPS_PROXY ?? values.https_proxy,
  noProxy: values.NO_PROXY ?? values.no_proxy,
});
