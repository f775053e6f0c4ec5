import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BunqError, type BunqErrorCode, codeOfRefusal, redact } from '../../../bunq/errors.ts';

describe('the code of a refusal', () => {
  test.each<[number, string, BunqErrorCode]>([
    [400, 'The field is missing.', 'BUNQ_BAD_REQUEST'],
    [400, '', 'BUNQ_BAD_REQUEST'],
    [400, 'User credentials are incorrect. Incorrect API key or IP address.', 'BUNQ_CREDENTIALS_INCORRECT'],
    [400, 'The request signature is invalid.', 'BUNQ_SIGNATURE_REJECTED'],
    [400, 'Authentication token already has a user session.', 'BUNQ_SESSION_EXISTS'],
    [401, 'Insufficient authentication.', 'BUNQ_TOKEN_REJECTED'],
    [401, '', 'BUNQ_TOKEN_REJECTED'],
    [401, 'The request signature is invalid.', 'BUNQ_SIGNATURE_REJECTED'],
    [403, 'Insufficient authentication.', 'BUNQ_TOKEN_REJECTED'],
    [403, 'Insufficient authorisation.', 'BUNQ_TOKEN_REJECTED'],
    [403, 'Authentication token already has a user session.', 'BUNQ_SESSION_EXISTS'],
    [403, 'You are missing the role PISP.', 'BUNQ_FORBIDDEN'],
    [403, '', 'BUNQ_FORBIDDEN'],
    [404, 'Route not found.', 'BUNQ_NOT_FOUND'],
    [405, '', 'BUNQ_NOT_FOUND'],
    [409, 'Authentication token already has a user session.', 'BUNQ_SESSION_EXISTS'],
    [409, 'Too many requests.', 'BUNQ_CONFLICT'],
    [413, '', 'BUNQ_BAD_REQUEST'],
    [429, 'Too many requests. You can do a maximum of 3 calls per 3 second to this endpoint.', 'BUNQ_RATE_LIMITED'],
    [466, 'For this operation a request signature is required. Check the urls for more information.', 'BUNQ_SIGNATURE_REJECTED'],
    [490, 'User input error.', 'BUNQ_BAD_REQUEST'],
    [491, 'Maintenance.', 'BUNQ_MAINTENANCE'],
    [500, 'Internal error.', 'BUNQ_UNAVAILABLE'],
    [502, '', 'BUNQ_UNAVAILABLE'],
    [204, '', 'BUNQ_RESPONSE_INVALID'],
    [301, '', 'BUNQ_RESPONSE_INVALID'],
  ])('%i %j is %s', (status, text, code) => {
    expect(codeOfRefusal(status, text)).toBe(code);
  });
});

describe('text from outside', () => {
  test('of 32 or more hex digits is redacted, whatever stands around it; a UUID is not', () => {
    const token = '0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789';
    expect(redact(`key sandbox_${token}: no`)).toBe('key sandbox_[redacted]: no');
    expect(redact(token.slice(0, 32))).toBe('[redacted]');
    expect(redact('f0000000-0000-4000-8000-00000000abcd')).toBe('f0000000-0000-4000-8000-00000000abcd');
  });

  test('is one line of at most 200 characters, and holds no half of a secret at its end', () => {
    expect(redact('two\r\n\tlines\u0000')).toBe('two lines');
    expect(redact(`${'-'.repeat(190)}${'a'.repeat(64)}`)).toBe(`${'-'.repeat(190)}[redacted]`);
    fc.assert(fc.property(fc.string(), (text) => redact(text.repeat(20)).length <= 200));
  });
});

test('an error is an Error with its facts, and nothing else', () => {
  const error = new BunqError({
    code: 'BUNQ_NOT_FOUND',
    endpoint: 'GET /v1/user',
    status: 404,
    bunqText: 'x'.repeat(300),
    responseId: 'id-1',
    sent: true,
  });
  expect(error).toBeInstanceOf(Error);
  expect(error.bunqText).toHaveLength(200);
  expect(Object.keys(error).sort()).toEqual(['bunqText', 'code', 'endpoint', 'name', 'responseId', 'retryInMs', 'sent', 'status']);
  expect(error).not.toHaveProperty('cause');
});
