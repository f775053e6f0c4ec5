import { z } from 'zod';
import { amountSchema } from '../amounts.ts';
import { answerId, BadParameter, readBody, refusals } from '../answers.ts';
import { book } from '../payments.ts';
import type { Route, SessionCall } from '../route.ts';
import { requireOwnAccount } from './monetary-account.ts';
import { requireOwnUser } from './user.ts';

/** Whoever asks this one for money gets it: so do users of the sandbox come to theirs. */
const SUGAR_DADDY = 'sugardaddy@bunq.com';
const ACCOUNT = { iban: 'NL65BUNQ9900000188', name: 'S. Daddy', monetaryAccountId: null };
const GIVES_CENTS = 500_00;

const bodySchema = z.object({
  amount_inquired: amountSchema,
  counterparty_alias: z.object({ type: z.literal('EMAIL'), value: z.literal(SUGAR_DADDY), name: z.string().nullish() }),
  description: z.string(),
  allow_bunqme: z.boolean(),
});

function create(call: SessionCall) {
  requireOwnUser(call);
  const { bank, user, nowMs } = call;
  if (user.type === 'UserApiKey') throw refusals.token(403);
  const account = requireOwnAccount(call, call.id('monetary-accountID'));
  const { amount_inquired: cents, description } = readBody(bodySchema, call.body);
  if (cents > GIVES_CENTS) throw new BadParameter('The amount is more than 500.00.');
  book(bank, account.id, { counterparty: ACCOUNT, cents, description, type: 'BUNQ', subType: 'REQUEST' }, nowMs);
  return answerId(bank.store.nextId());
}

export const requestInquiryRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/user/{userID}/monetary-account/{monetary-accountID}/request-inquiry',
    token: 'session',
    perform: create,
  },
];
