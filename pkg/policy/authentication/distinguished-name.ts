/** Distinguished names as text (RFC 4514). */

/**
 * Values of an attribute, in the order of the text.
 * @param name `CN=a\,b,O=c`: commas and plus signs within values are escaped, so `O=x\,CN=admin` holds no CN
 * @param type `CN`; compared without case
 */
export function valuesOf(name: string, type: string): readonly string[] {
  const wanted = type.toLowerCase();
  return attributesOf(name).flatMap((attribute) => {
    const equals = attribute.indexOf('=');
    if (equals < 0 || attribute.slice(0, equals).trim().toLowerCase() !== wanted) return [];
    const value = unescaped(attribute.slice(equals + 1));
    return value === null ? [] : [value];
  });
}

/** Splits at what separates attributes: `,` and `+` that no backslash stands before. */
function attributesOf(name: string): readonly string[] {
  const attributes: string[] = [];
  let start = 0;
  for (let at = 0; at < name.length; at++) {
    if (name[at] === '\\') at++;
    else if (name[at] === ',' || name[at] === '+') {
      attributes.push(name.slice(start, at));
      start = at + 1;
    }
  }
  return [...attributes, name.slice(start)];
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** RFC 4514 3: a backslash stands before a special character, or before two hex digits of a byte of UTF-8. @returns null for anything else */
function unescaped(value: string): string | null {
  // `#…` is BER in hex, which names nobody that one could write down.
  if (value.startsWith('#')) return null;
  const bytes: number[] = [];
  for (let at = 0; at < value.length; at++) {
    if (value[at] !== '\\') {
      const character = String.fromCodePoint(value.codePointAt(at)!);
      bytes.push(...Buffer.from(character));
      at += character.length - 1;
      continue;
    }
    const hex = /^[0-9a-f]{2}/i.exec(value.slice(at + 1, at + 3))?.[0];
    const special = value[at + 1];
    if (hex !== undefined) {
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    } else if (special !== undefined && /[ "#+,;<=>\\]/.test(special)) {
      bytes.push(special.charCodeAt(0));
      at += 1;
    } else return null;
  }
  try {
    return utf8.decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}
