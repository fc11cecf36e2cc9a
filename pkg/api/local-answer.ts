/** An answer that the gateway gives itself, in whichever kind it is written: what it says beside its status. */
import { Type } from 'typebox';
import { choice, objectName, text } from './schema.ts';

/** @param owner in whose namespace the ConfigMap is looked for @param limit of the body in it, for people */
export function localAnswerFields(owner: 'route' | 'policy', limit: '4 KiB' | '64 KiB') {
  return {
    contentType: Type.Optional(
      text(256, 'Content-Type of the answer; absent: text/plain; charset=utf-8.', { pattern: '^[!-~]+( [!-~]+)*$' }),
    ),
    body: Type.Optional(Type.String({ maxLength: 4096, description: 'Body, in UTF-8.' })),
    bodyRef: Type.Optional(
      Type.Object(
        {
          kind: choice(['ConfigMap'], 'Always ConfigMap.', { default: 'ConfigMap' }),
          name: objectName(`Name of the ConfigMap, in the namespace of the ${owner}.`),
          key: text(253, 'Key whose value is the body.', { pattern: '^[-._a-zA-Z0-9]+$' }),
        },
        { description: `Body from a ConfigMap of the same namespace; at most ${limit}.` },
      ),
    ),
  } as const;
}

export const oneLocalBody = {
  rule: '!(has(self.body) && has(self.bodyRef))',
  message: 'only one of body and bodyRef may be set',
};
