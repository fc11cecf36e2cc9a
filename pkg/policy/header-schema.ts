/** What users write in `requestHeaders` and `responseHeaders`: the fields of Gateway API's HTTPHeaderFilter. */
import { Type } from 'typebox';
import { list, text } from '../api/schema.ts';

const headerSchema = Type.Object({
  name: text(256, 'Name of the field.'),
  value: Type.String({ minLength: 1, maxLength: 4096, description: 'Value of the field.' }),
});

export function headersSchema(direction: 'request' | 'response') {
  return Type.Object(
    {
      set: Type.Optional(list(headerSchema, 16, 'Fields that are written, whatever was there.')),
      add: Type.Optional(list(headerSchema, 16, 'Field lines that are added.')),
      remove: Type.Optional(list(text(256, 'Name of a field.'), 16, 'Fields that are taken out.')),
    },
    {
      description:
        direction === 'request'
          ? 'Changes the header fields that the backend gets.'
          : 'Changes the header fields that the client gets.',
    },
  );
}
