/** Texts that policies compute → values of header fields. What a client or a token says must not end a line (CWE-113). */

const MaxLength = 8_192;

/**
 * As it stands on the wire: one character per byte of UTF-8, as nginx and Envoy send text beyond ASCII.
 * @returns null for what no field may hold: CR, LF, NUL and other control characters (RFC 9110 5.5), nothing, or more than 8 KiB
 */
export function fieldValue(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > MaxLength || /[^\P{Cc}\t]/u.test(trimmed)) return null;
  const wire = isAscii(trimmed) ? trimmed : Buffer.from(trimmed, 'utf8').toString('latin1');
  return wire.length > MaxLength ? null : wire;
}

function isAscii(text: string): boolean {
  return !/[^\t -~]/.test(text);
}
