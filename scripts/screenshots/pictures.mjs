/** The pictures of docs/temporal-ui.md: what is opened, what has to be seen there, and which part of it is kept. */
import { waitFor } from '../../bench/stage.mjs';
import { smallPng } from './small-png.mjs';

const WIDTH = 1280;
/** High enough that no page scrolls inside. */
const HEIGHT = 2400;

/** The columns of docs/temporal-ui.md, set as a person sets them. */
const UNWANTED_COLUMNS = ['Run ID', 'Type', 'Start', 'End'];
const COLUMNS = ['KeeperState', 'KeeperAction', 'KeeperExpiresAt', 'KeeperRenewAt'];

/** Name of the file → how it is taken. */
export const PICTURES = {
  'list.png': async (visit) => {
    const page = await visit.list('KeeperEnvironment = "simulator"');
    await page.getByTestId('workflows-summary-table-configuration-button').click();
    for (const column of UNWANTED_COLUMNS) await page.getByLabel(`Remove ${column} column`, { exact: true }).click();
    for (const column of COLUMNS) await page.getByLabel(`Add ${column} column`, { exact: true }).click();
    await page.getByLabel('Close Workflows Table configuration').click();
    await page.getByLabel('Collapse saved views').click();
    return { page, seen: ['LAPSED', 'CALLBACK_URL_REFUSED'], until: page.getByLabel('Next', { exact: true }).last() };
  },
  'provider.png': (visit) => visit.metadata('provider.simulator.acme', 'ACTIVE'),
  'history.png': async (visit) => {
    const page = await visit.workflow('provider.simulator.acme', 'history');
    await page.getByText('Compact', { exact: true }).click();
    const from = page.getByRole('heading', { name: 'Event History' });
    return { page, seen: ['open session, and prove it by a reading'], from };
  },
  'action-required.png': (visit) => visit.metadata('provider.simulator.globex', 'ACTION_REQUIRED'),
  'pending-activity.png': async (visit) => {
    const page = await visit.workflow('provider.simulator.umbrella', 'pending-activities');
    const isSeen = async () => {
      await visit.keeper.resume('umbrella'); // it waits longer from time to time
      await page.reload();
      return page
        .getByText('Too many requests')
        .first()
        .waitFor({ timeout: 4000 })
        .then(
          () => true,
          () => false,
        );
    };
    await waitFor('the activity has failed, and is tried again', isSeen);
    return { page, seen: [], from: page.getByText('Back to Workflows') };
  },
  'end-user.png': (visit) => visit.metadata('user.simulator.acme.carol', 'REVOKED'),
};

/** Takes one of them. @returns its bytes */
export async function take(picture, browser, { uiUrl, keeper }) {
  const context = await browser.newContext({ viewport: { width: WIDTH, height: HEIGHT }, locale: 'en-GB', timezoneId: 'UTC' });
  context.setDefaultTimeout(20_000);
  try {
    const { page, seen, from, until } = await picture({ ...visitor(context, uiUrl), keeper });
    for (const text of seen) await anywhere(page, text);
    const top = from ? (await from.boundingBox()).y - 16 : 0;
    const bottom = until ? await bottomOf(until) : await contentBottom(page);
    const png = await page.screenshot({ clip: { x: 0, y: top, width: WIDTH, height: bottom + 24 - top } });
    return await smallPng(png, await context.newPage());
  } finally {
    await context.close();
  }
}

function visitor(context, uiUrl) {
  const open = async (path) => {
    const page = await context.newPage();
    await page.goto(new URL(`namespaces/default/workflows${path}`, `${uiUrl}/`).href);
    return page;
  };
  const workflow = async (id, tab) => {
    const answer = await fetch(new URL(`api/v1/namespaces/default/workflows/${id}`, `${uiUrl}/`));
    const { runId } = (await answer.json()).workflowExecutionInfo.execution;
    return open(`/${id}/${runId}/${tab}`);
  };
  return {
    list: (query) => open(`?query=${encodeURIComponent(query)}`),
    workflow,
    metadata: async (id, state) => {
      const page = await workflow(id, 'user-metadata');
      return { page, seen: [state, 'last done'], from: page.getByText('Back to Workflows'), until: page.locator('iframe').last() };
    },
  };
}

/** Markdown is shown in frames of their own. */
const anywhere = (page, text) =>
  waitFor(`${page.url()} shows ${text}`, async () => {
    for (const frame of page.frames())
      if (
        await frame
          .getByText(text)
          .first()
          .isVisible()
          .catch(() => false)
      )
        return true;
    return false;
  });

async function bottomOf(locator) {
  const { y, height } = await locator.boundingBox();
  return y + height;
}

/** Where the last text or frame of the page's main part ends. */
const contentBottom = (page) =>
  page.evaluate(() => {
    const main = document.querySelector('#content, main') ?? document.body;
    const ends = [...main.querySelectorAll('p, td, th, pre, iframe, h1, h2, h3, code, a, svg')].map((each) => each.getBoundingClientRect());
    return Math.max(...ends.filter(({ width, bottom }) => width > 0 && bottom < innerHeight - 80).map(({ bottom }) => bottom));
  });
