import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

/**
 * bunq's OpenAPI file, as it is published in swagger.json of github.com/bunq/doc under the Apache License 2.0: an excerpt, of which its
 * own `info` says what was left out.
 */
const FILE = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/bunq-openapi.json'), 'utf8')) as OpenApi;

interface OpenApi {
  readonly info: { readonly license: { readonly name: string }; readonly 'x-trimmed': string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly schemas: Record<string, Schema>;
    readonly responses: Record<string, Response>;
    readonly headers: Record<string, unknown>;
  };
}

interface Operation {
  readonly parameters: readonly { readonly $ref?: string }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Record<string, Response>;
}

interface Response {
  readonly $ref?: string;
  readonly headers?: Record<string, unknown>;
  readonly content: Content;
}

type Content = Record<'application/json', { readonly schema: Schema }>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
  readonly description?: string;
}

/** What the file says of one endpoint. Schemas by their names. */
export interface Documented {
  /** `POST /session-server` */
  readonly endpoint: string;
  readonly request: { readonly schema: string; readonly members: readonly string[]; readonly required: readonly string[] } | null;
  readonly answer: string;
  readonly isList: boolean;
  readonly needsToken: boolean;
  /** Headers of every answer. */
  readonly headers: readonly string[];
}

const nameOf = (ref = ''): string => ref.split('/').at(-1)!;
const { schemas, responses } = FILE.components;

function requestOf({ requestBody }: Operation): Documented['request'] {
  if (requestBody === undefined) return null;
  const schema = nameOf(requestBody.content['application/json'].schema.$ref);
  const { properties = {}, required = [] } = schemas[schema]!;
  return { schema, members: Object.keys(properties).filter((name) => !properties[name]!.readOnly), required };
}

function documented(path: string, method: string, operation: Operation): Documented {
  const { parameters, responses: answers } = operation;
  const { type, items, $ref } = answers[200]!.content['application/json'].schema;
  const headers = [answers[200], responses[nameOf(answers[400]?.$ref)]].flatMap((answer) => Object.keys(answer?.headers ?? {}));
  return {
    endpoint: `${method.toUpperCase()} ${path}`,
    request: requestOf(operation),
    answer: nameOf(items?.$ref ?? $ref),
    isList: type === 'array',
    needsToken: parameters.some((parameter) => nameOf(parameter.$ref) === 'X-Bunq-Client-Authentication'),
    headers: [...new Set(headers)],
  };
}

export const INFO = FILE.info;

export const DOCUMENTED: readonly Documented[] = Object.entries(FILE.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => documented(path, method, operation)),
);

type Direction = 'request' | 'answer';

const UNDERSTOOD = new Set(['$ref', 'type', 'properties', 'items', 'required', 'readOnly', 'writeOnly', 'description']);

/** OpenAPI 3.0 as JSON Schema: nothing stands beside a `$ref`, what is of the other direction is not there, and no member but those that are named. */
function jsonSchema(schema: Schema, direction: Direction): object {
  const strange = Object.keys(schema).filter((keyword) => !UNDERSTOOD.has(keyword));
  if (strange.length > 0) throw new Error(`The file's schemas have keywords that nothing here looks at: ${strange.join(', ')}.`);
  const { $ref, type, items, properties = {}, required } = schema;
  if ($ref !== undefined) return { $ref: `${direction}#/$defs/${nameOf($ref)}` };
  if (type === 'array') return { type, items: jsonSchema(items!, direction) };
  if (type !== 'object') return { type };
  const ofThisDirection = Object.entries(properties).filter(
    ([, { readOnly, writeOnly }]) => !(direction === 'request' ? readOnly : writeOnly),
  );
  return {
    type,
    properties: Object.fromEntries(ofThisDirection.map(([name, property]) => [name, jsonSchema(property, direction)])),
    ...(direction === 'request' && required && { required }),
    additionalProperties: false,
  };
}

const ajv = new Ajv({ allErrors: true, verbose: true });
for (const direction of ['request', 'answer'] as const) {
  const named = Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema, direction)]);
  ajv.addSchema({ $id: direction, $defs: Object.fromEntries(named) });
}
const isErrorEnvelope = ajv.compile(jsonSchema(responses.GenericError!.content['application/json'].schema, 'answer'));

/** `UserApiKey.requested_by_user.UserPerson.alias[].name` is told as `UserPerson.alias[].name`. */
function placeOf(root: string, instancePath: string): string {
  const segments = [root, ...instancePath.split('/').slice(1)];
  const type = segments.findLastIndex((segment, index) => index > 0 && /^[A-Z]/.test(segment));
  return segments.slice(Math.max(0, type)).join('.').replaceAll(/\.\d+/g, '[]');
}

function told(root: string, { keyword, instancePath, params, data, message }: ErrorObject): string {
  if (keyword === 'additionalProperties') return `${placeOf(root, `${instancePath}/${params.additionalProperty}`)} is not in the file`;
  return `${placeOf(root, instancePath)} ${data === null ? 'is null' : message}`;
}

function differences(validate: ValidateFunction, value: unknown, root: string): string[] {
  validate(value);
  return (validate.errors ?? []).map((error) => told(root, error));
}

const schemaOf = (direction: Direction, name: string) => ajv.getSchema(`${direction}#/$defs/${name}`)!;

/** What an error says that the file does not, or otherwise. */
export const errorDifferences = (body: unknown, endpoint: string): string[] => differences(isErrorEnvelope, body, endpoint);

export const requestDifferences = ({ request }: Documented, body: unknown): string[] =>
  request === null ? [] : differences(schemaOf('request', request.schema), body, request.schema);

/** Of what the file calls otherwise than the bank: the schema that it has for it elsewhere. */
const ELSEWHERE: Record<string, string> = { CredentialPasswordIp: 'PaymentServiceProviderCredentialRead' };

/** The file's schema of an answer is that of an item with its type's name, or of what stands under that name, which the schema's own tells. */
function itemDifferences({ endpoint, answer }: Documented, item: Record<string, object>): string[] {
  const [[name, shown] = ['', {}], ...more] = Object.entries(item);
  if (more.length > 0) return [`${endpoint} has an item of several names`];
  const members = Object.entries(schemas[answer]!.properties ?? {});
  const named = new Map(members.filter(([member]) => /^[A-Z]/.test(member)).map(([member, { $ref }]) => [member, nameOf($ref)]));
  const expected = named.size > 0 ? [...named.keys()] : [answer.replace(/(Create|Listing|Read|Update|Delete)$/, '')];
  const renamed = expected.includes(name) ? [] : [`${endpoint} answers ${name} instead of ${expected.join(', ')}`];
  const schema = named.size > 0 ? (named.get(name) ?? ELSEWHERE[name]) : answer;
  if (schema === undefined) return renamed;
  return [...renamed, ...differences(schemaOf('answer', schema), shown, named.get(name) ?? name)];
}

/** What an answer of status 200 says that the file does not, or otherwise. */
export function answerDifferences(endpoint: Documented, body: { Response?: Record<string, object>[] }): string[] {
  const envelope = endpoint.isList ? ['Response', 'Pagination'] : ['Response'];
  const keys = Object.keys(body);
  if (keys.join() !== envelope.join()) return [`${endpoint.endpoint} has the envelope ${keys.join()}`];
  return body.Response!.flatMap((item) => itemDifferences(endpoint, item));
}

/** Whether the file shows what a success comes in, as it does for an error. */
export const hasEnvelope = (): boolean => Object.values(schemas).some(({ properties = {} }) => 'Response' in properties);
