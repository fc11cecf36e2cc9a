/** Texts that policies compute → values of header fields. What a client or a token says must not end a line (CWE-113). */

const MaxLength = 8_192;

/** Nearly every text: it goes as it is. */
const plain = /^[!-~](?:[\t -~]*[!-~])?$/;

/**
 * As it stands on the wire: one character per byte of UTF-8, as nginx and Envoy send text beyond ASCII.
 * @returns null for what no field may hold: CR, LF, NUL and other control characters (RFC 9110 5.5), nothing, or more than 8 KiB
 */
export function fieldValue(text: string): string | null {
  if (plain.test(text)) return text.length > MaxLength ? null : text;
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > MaxLength || /[^\P{Cc}\t]/u.test(trimmed)) return null;
  const wire = isAscii(trimmed) ? trimmed : Buffer.from(trimmed, 'utf8').toString('latin1');
  return wire.length > MaxLength ? null : wire;
}

function isAscii(text: string): boolean {
  return !/[^\t -~]/.test(text);
}
