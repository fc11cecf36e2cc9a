/** Bytes of an HTTP/1.1 head → where its parts are. Offsets only: no string is made and nothing is allocated. */

export const MaxFields = 128;

/** One head, as offsets into the buffer it was scanned from. Made once per connection and refilled per message. */
export class Head {
  /** Request: method is [start, methodEnd). */
  start = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** Response: status code, and where its reason phrase stands. */
  status = 0;
  reasonStart = 0;
  reasonEnd = 0;
  /** 0 or 1, of HTTP/1.x. */
  minor = 1;
  /** Field i at 4i: name start, name end, value start, value end; optional white space trimmed. */
  readonly fields = new Int32Array(4 * MaxFields);
  /** Known of field i (`known.ts`), or 0. */
  readonly known = new Uint8Array(MaxFields);
  count = 0;
  fieldsStart = 0;
  /** Behind the blank line. */
  end = 0;
}
