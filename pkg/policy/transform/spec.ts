/** What users write under `transform`. */
import { type TSchema, Type } from 'typebox';
import { celRules, choice, hostname, integer, list, size, text, type ValueOf } from '../../api/schema.ts';

const eitherValue = celRules({
  rule: 'has(self.value) != has(self.expression)',
  message: 'one of value and expression must be set',
});

const either = (maxLength: number) => ({
  value: Type.Optional(Type.String({ maxLength, description: 'The value, as it stands.' })),
  expression: Type.Optional(text(1024, 'CEL that gives the value; where it gives none, there is none.')),
});

const named = (description: string, more: Readonly<Record<string, TSchema>> = {}) => ({
  name: text(256, description),
  ...more,
});

const headerSchema = Type.Object({ ...named('Name of the field.'), ...either(4096) }, eitherValue);

const headersSchema = Type.Object(
  {
    remove: Type.Optional(list(text(256, 'Name of a field.'), 16, 'Fields that are taken out.')),
    rename: Type.Optional(
      list(
        Type.Object({ from: text(256, 'Name that it has.'), to: text(256, 'Name that it gets.') }),
        8,
        'Fields that get another name. What was there under that name is gone, in any case.',
      ),
    ),
    set: Type.Optional(
      list(headerSchema, 16, 'Fields that are written. What the other side sent under that name is gone, in any case.'),
    ),
    add: Type.Optional(list(headerSchema, 16, 'Field lines that are added to what is there.')),
  },
  { description: 'Header fields: removed, renamed, set, added, in this order.' },
);

const querySchema = Type.Object(
  {
    remove: Type.Optional(list(text(256, 'Name of a parameter, decoded.'), 16, 'Parameters that are taken out.')),
    set: Type.Optional(
      list(
        Type.Object({ ...named('Name of the parameter, decoded.'), ...either(1024) }, eitherValue),
        16,
        'Parameters that are written at the end; what was there under that name is gone.',
      ),
    ),
  },
  { description: 'Query parameters. The others stay as they were sent.' },
);

const cookieSchema = Type.Object({ ...named('Name of the cookie.'), ...either(1024) }, eitherValue);

const cookiesSchema = Type.Object(
  {
    remove: Type.Optional(list(text(256, 'Name of a cookie.'), 16, 'Cookies that are taken out.')),
    set: Type.Optional(list(cookieSchema, 16, 'Cookies that are written; what was there under that name is gone.')),
  },
  { description: 'Cookies of the request.' },
);

const setCookieSchema = Type.Object(
  {
    ...named('Name of the cookie.'),
    ...either(1024),
    path: Type.Optional(text(256, 'Path. Default: /.', { pattern: '^/' })),
    domain: Type.Optional(hostname('Domain. Default: the host alone.')),
    maxAge: Type.Optional(integer(0, 34_560_000, 'Seconds; 0 deletes it. Default: as long as the browser runs.')),
    secure: Type.Boolean({ default: true, description: 'Over TLS only.' }),
    httpOnly: Type.Boolean({ default: true, description: 'Not for scripts.' }),
    sameSite: choice(['Strict', 'Lax', 'None'], 'Whether other sites send it.', { default: 'Lax' }),
  },
  eitherValue,
);

const setCookiesSchema = Type.Object(
  {
    remove: Type.Optional(list(text(256, 'Name of a cookie.'), 16, 'Cookies of the backend that are not passed on.')),
    set: Type.Optional(
      list(setCookieSchema, 8, 'Cookies that are set; what the backend sets under that name is gone.'),
    ),
  },
  { description: 'Cookies that the response sets.' },
);

const pointer = (description: string) => text(256, description, { pattern: '^(/[^/]*)+$' });

const bodySchema = Type.Object(
  {
    contentTypes: Type.Optional(
      list(
        text(127, 'Media type.', { pattern: '^([!-.0-~]+/[!-.0-~]+|\\*\\+[!-.0-~]+)$' }),
        8,
        'Bodies that are read; others pass as they are. Default: application/json and *+json.',
      ),
    ),
    maxSize: Type.Optional(size('Longest body that is read, decoded. Default: 1Mi; at most 16Mi.')),
    mergePatch: Type.Optional(
      text(4096, 'JSON Merge Patch (RFC 7396), an object as text: members replace those of the body, null removes.'),
    ),
    remove: Type.Optional(list(pointer('JSON Pointer (RFC 6901).'), 16, 'Values that are taken out.')),
    set: Type.Optional(
      list(
        Type.Object({
          path: pointer('JSON Pointer (RFC 6901); objects on the way are made.'),
          expression: text(
            1024,
            'CEL that gives the value; `body` is the body as it came. Where it gives none, there is none.',
          ),
        }),
        16,
        'Values that are written. What the other side sent there is gone, in any case.',
      ),
    ),
  },
  {
    description: 'JSON bodies: merge patch, remove, set, in this order. Any other body streams through untouched.',
    ...celRules({
      rule: 'has(self.mergePatch) || has(self.remove) || has(self.set)',
      message: 'one of mergePatch, remove and set must be set',
    }),
  },
);

const pathSchema = Type.Object(
  {
    pattern: text(1024, 'RE2 pattern, matched against the decoded path.'),
    substitution: Type.String({
      maxLength: 1024,
      description: 'What each match becomes; $0 to $9 for what was matched.',
    }),
  },
  { description: 'The path that is forwarded.' },
);

const requestSchema = Type.Object(
  {
    headers: Type.Optional(headersSchema),
    query: Type.Optional(querySchema),
    cookies: Type.Optional(cookiesSchema),
    path: Type.Optional(pathSchema),
    method: Type.Optional(
      choice(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], 'The method that is forwarded; a HEAD stays one.'),
    ),
    hostname: Type.Optional(hostname('The Host that is forwarded.')),
    body: Type.Optional(bodySchema),
  },
  { description: 'What the backend gets.' },
);

const responseSchema = Type.Object(
  {
    headers: Type.Optional(headersSchema),
    cookies: Type.Optional(setCookiesSchema),
    status: Type.Optional(integer(200, 599, 'The status; 401 and 403 become other errors only.')),
    body: Type.Optional(bodySchema),
  },
  { description: "What the client gets of a backend's answer. Answers of the gateway itself are left alone." },
);

export const transformSchema = Type.Object(
  { request: Type.Optional(requestSchema), response: Type.Optional(responseSchema) },
  {
    description: 'Changes requests and responses: headers, query, cookies, path, method, host, status, JSON bodies.',
  },
);

export type TransformSpec = ValueOf<typeof transformSchema>;
export type HeadersSpec = ValueOf<typeof headersSchema>;
export type BodySpec = ValueOf<typeof bodySchema>;
export type RequestSpec = ValueOf<typeof requestSchema>;
export type ResponseSpec = ValueOf<typeof responseSchema>;
export type SetCookieSpec = ValueOf<typeof setCookieSchema>;
export interface EitherSpec {
  readonly name: string;
  readonly value?: string;
  readonly expression?: string;
}
