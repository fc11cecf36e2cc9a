/** What may stand in a header field. Every field that a filter writes comes by here. */

/** 1 for the characters of a token (RFC 9110 5.6.2). Looked up one by one: for names a loop takes half of what a regular expression does. */
const nameCharacters = new Uint8Array(128);
for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  nameCharacters[character.charCodeAt(0)] = 1;

/** Throws a RangeError on what is no field. @returns the name in lower case */
export function checkField(name: string, value: string): string {
  if (!isName(name)) throw new RangeError(`${JSON.stringify(name)} is no field name`);
  if (!isValue(value)) throw new RangeError(`the value of ${name} holds bytes that no field may hold`);
  return name.toLowerCase();
}

function isName(text: string): boolean {
  // A code beyond the table is none of it.
  for (let i = 0; i < text.length; i++) if (nameCharacters[text.charCodeAt(i)] !== 1) return false;
  return text.length > 0;
}

// RFC 9110 5.5: "Field values containing CR, LF, or NUL characters are invalid and dangerous". Other controls are refused with them,
// and so is what one latin-1 byte cannot hold.
function isValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || code === 127 || (code < 32 && code !== 9)) return false;
  }
  return true;
}
