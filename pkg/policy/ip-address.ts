/** IP addresses as four words, read without a string being made: for what is asked once per request and list. */

/** Words of an IPv6 address, the first one first. IPv4 is `::ffff:a.b.c.d`, so both spellings of one address are one. */
export type AddressWords = Uint32Array;

export const mappedPrefix = 0xffff;

export function createAddress(): AddressWords {
  return new Uint32Array(4);
}

/** Whether the words are those of an IPv4 address, which stands in the last one. */
export function isIPv4Words(words: AddressWords): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === mappedPrefix;
}

/**
 * Reads what `net.isIP` accepts; a zone (`%eth0`) is passed over.
 * @returns false for anything else; the words mean nothing then
 */
export function readAddress(text: string, into: AddressWords): boolean {
  const dotted = readIPv4(text, 0, text.length);
  if (dotted >= 0) {
    into[0] = 0;
    into[1] = 0;
    into[2] = mappedPrefix;
    into[3] = dotted;
    return true;
  }
  return readIPv6(text, into);
}

/** As the system spells it: RFC 5952, and IPv4 as IPv4. One client has one name in logs, lists and limits. */
export function formatAddress(words: AddressWords): string {
  if (isIPv4Words(words)) {
    const value = words[3]!;
    return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
  }
  let start = 0;
  let length = 0;
  for (let group = 0, run = 0; group < 8; group++) {
    run = take(words, group) === 0 ? run + 1 : 0;
    // RFC 5952 4.2.3: "the longest run of the consecutive 16-bit 0 fields MUST be shortened", of equals "the first sequence".
    if (run <= length) continue;
    length = run;
    start = group - run + 1;
  }
  const hex = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, i) => take(words, from + i).toString(16)).join(':');
  // RFC 5952 4.2.2: "The symbol "::" MUST NOT be used to shorten just one 16-bit 0 field."
  return length < 2 ? hex(0, 8) : `${hex(0, start)}::${hex(start + length, 8)}`;
}

/** Four decimal numbers without leading zeros, as one; -1 if it is none. */
function readIPv4(text: string, start: number, end: number): number {
  let value = 0;
  let part = -1;
  let parts = 0;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 46) {
      if (part < 0 || parts === 3) return -1;
      value = value * 256 + part;
      parts++;
      part = -1;
    } else if (code >= 48 && code <= 57) {
      // `010` is 8 to some readers and 10 to others.
      if (part === 0) return -1;
      part = part < 0 ? code - 48 : part * 10 + code - 48;
      if (part > 255) return -1;
    } else return -1;
  }
  return part < 0 || parts !== 3 ? -1 : value * 256 + part;
}

// RFC 4291 2.2: groups of up to four digits; `::` "indicates one or more groups of 16 bits of zeros" and "can only appear once";
// the last two groups may be written as an IPv4 address.
function readIPv6(text: string, into: AddressWords): boolean {
  const zone = text.indexOf('%');
  const end = zone < 0 ? text.length : zone;
  if (zone === text.length - 1 && zone >= 0) return false;
  into.fill(0);
  let groups = 0;
  let gap = -1;
  let at = 0;
  if (end >= 2 && text.charCodeAt(0) === 58 && text.charCodeAt(1) === 58) {
    gap = 0;
    at = 2;
  }
  while (at < end) {
    if (groups === 8) return false;
    let value = 0;
    let digits = 0;
    let next = at;
    for (; next < end; next++) {
      const digit = hexDigit(text.charCodeAt(next));
      if (digit < 0) break;
      value = value * 16 + digit;
      digits++;
    }
    if (next < end && text.charCodeAt(next) === 46) {
      const dotted = groups > 6 ? -1 : readIPv4(text, at, end);
      if (dotted < 0) return false;
      put(into, groups++, dotted >>> 16);
      put(into, groups++, dotted & 0xffff);
      at = end;
      break;
    }
    if (digits === 0 || digits > 4) return false;
    put(into, groups++, value);
    at = next;
    if (at === end) break;
    if (text.charCodeAt(at) !== 58) return false;
    at++;
    if (at === end) return false;
    if (text.charCodeAt(at) === 58) {
      if (gap >= 0) return false;
      gap = groups;
      at++;
    }
  }
  if (gap < 0) return groups === 8;
  if (groups === 8) return false;
  shift(into, gap, groups);
  return true;
}

/** Moves the groups behind `gap` to the end. */
function shift(into: AddressWords, gap: number, groups: number): void {
  const by = 8 - groups;
  for (let group = groups - 1; group >= gap; group--) {
    put(into, group + by, take(into, group));
    put(into, group, 0);
  }
}

function put(words: AddressWords, group: number, value: number): void {
  const word = group >> 1;
  words[word] = group % 2 === 0 ? (words[word]! & 0xffff) | (value << 16) : (words[word]! & 0xffff0000) | value;
}

function take(words: AddressWords, group: number): number {
  const word = words[group >> 1]!;
  return group % 2 === 0 ? word >>> 16 : word & 0xffff;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
