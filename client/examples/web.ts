// A web application that sends its users to the bank and takes them back (npm install hono @hono/node-server).
import { serve } from '@hono/node-server';
import { Keeper, NotCompletedError } from 'bunq-keeper';
import { type Context, Hono } from 'hono';

const keeper = await Keeper.connect();
const port = Number(process.env.PORT ?? 8096);
const redirectUrl = `http://localhost:${port}/bunq/callback`; // one of the provider's callback URLs: bunq-keeper callback-urls acme add …
const signedIn = (_context: Context) => 'alice'; // of your own session, never of the URL

const app = new Hono();
app.post('/connect', async (context) => {
  const { authorizationUrl } = await keeper.connectUser('acme', signedIn(context), { redirectUrl });
  return context.redirect(authorizationUrl, 303);
});
app.get('/bunq/callback', async (context) => {
  context.header('Cache-Control', 'no-store');
  context.header('Referrer-Policy', 'no-referrer');
  try {
    const { outcome, first } = await keeper.completeAuthorization(context.req.url, `acme/${signedIn(context)}`);
    return context.redirect(`/connected?outcome=${outcome === 'repeated' ? first : outcome}`, 303); // away from the code
  } catch (error) {
    if (!(error instanceof NotCompletedError)) throw error;
    return context.text('Please reload this page in a moment.', 503); // the URL stays good
  }
});
app.get('/connected', (context) => context.text(`What came of it: ${context.req.query('outcome')}`));
serve({ fetch: app.fetch, hostname: '127.0.0.1', port });
