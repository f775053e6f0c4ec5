import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCall } from '../../../client/commands/call.ts';
import { UsageError } from '../../../client/errors.ts';
import { temporaryFolder } from '../../support/at-end.ts';

const file = join(temporaryFolder(), 'body.json');
writeFileSync(file, '{"b":  2}\n');

test.each<[[string, string, string | undefined], object]>([
  [['get', '/user/{userId}', undefined], { method: 'GET', path: '/user/{userId}' }],
  [['POST', 'user', undefined], { method: 'POST', path: 'user', body: '{}' }],
  [['PUT', '/v1/user/1', '{ "a": 1 }'], { method: 'PUT', path: '/v1/user/1', body: '{ "a": 1 }' }],
  [['POST', 'user', `@${file}`], { method: 'POST', path: 'user', body: '{"b":  2}\n' }],
])('%j is the call %j', (given, call) => {
  expect(readCall(...given)).toEqual(call);
});

test.each<[[string, string, string | undefined], RegExp]>([
  [['PATCH', '/user', undefined], /The method "PATCH" is none that bunq has/],
  [['GET', 'https://elsewhere.example/v1/user', undefined], /The path must be one of/],
  [['GET', '/user/{userID}', undefined], /may hold \{userId\}, which is filled in, and no other/],
  [['GET', '/user', '{}'], /--data belongs to POST and PUT: GET has no body/],
  [['DELETE', '/user/1', '{}'], /--data belongs to POST and PUT/],
  [['POST', '/user', '{a:1}'], /--data is not JSON\. Give it as/],
  [['POST', '/user', `@${file}.not`], /--data .*body\.json\.not cannot be read \(ENOENT\)/],
])('%j is refused before anything connects', (given, says) => {
  const read = () => readCall(...given);
  expect(read).toThrow(UsageError);
  expect(read).toThrow(says);
});
