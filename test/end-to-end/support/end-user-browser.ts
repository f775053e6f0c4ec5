import type { Browser, BrowserContext, Page } from 'playwright-core';
import { atEnd } from '../../support/at-end.ts';
import { HANGS_AFTER_MS } from '../../support/until.ts';

/** A phone. */
const SCREEN = { width: 390, height: 780 };

/** An end user with a browser of their own: nobody else's cookies and history, and without JavaScript. */
export class EndUser {
  readonly #context: BrowserContext;
  /** Every address that the browser asked for, other than those that failed before they left. */
  readonly requested: URL[] = [];

  private constructor(context: BrowserContext) {
    this.#context = context;
    context.setDefaultTimeout(HANGS_AFTER_MS);
    context.on('request', (request) => this.requested.push(new URL(request.url())));
  }

  static async sitDown(browser: Browser, colorScheme: 'light' | 'dark' = 'light'): Promise<EndUser> {
    const context = await browser.newContext({ viewport: SCREEN, deviceScaleFactor: 2, javaScriptEnabled: false, colorScheme });
    atEnd(() => context.close());
    return new EndUser(context);
  }

  newTab(): Promise<Page> {
    return this.#context.newPage();
  }

  async cookies(): Promise<number> {
    return (await this.#context.cookies()).length;
  }

  /** The addresses of a tab's history, as its back button offers them. */
  async history(tab: Page): Promise<URL[]> {
    const session = await this.#context.newCDPSession(tab);
    const { entries } = await session.send('Page.getNavigationHistory');
    await session.detach();
    return entries.filter(({ url }) => url !== 'about:blank').map(({ url }) => new URL(url));
  }
}

/** The page's title and its text, each piece a line, as a person reads it. */
export async function read(tab: Page): Promise<{ title: string; text: string }> {
  // biome-ignore lint/performance/useDomNodeTextContent: what is rendered is meant
  return { title: await tab.title(), text: await tab.locator('main').innerText() };
}
