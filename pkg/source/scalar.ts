/** What an unquoted YAML scalar means: exactly what `kubectl apply` and the API server make of it. Used by `yaml.ts`. */

/** A JSON scalar, or why JSON cannot hold it. */
export type Scalar = { readonly value: string | number | boolean | null } | { readonly refused: string };

// sigs.k8s.io/yaml reads by go-yaml v2: YAML 1.1 booleans, but no sexagesimal ("Base 60 floats are a bad idea, were dropped
// in YAML 1.2, and are purposefully unsupported here") and timestamps stay strings.
const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((w) => [w, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((w) => [w, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((w) => [w, null] as const),
]);
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** Resolves a plain (unquoted, untagged) scalar. */
export function resolveScalar(text: string): Scalar {
  const word = WORDS.get(text);
  if (word !== undefined) return { value: word };
  const first = text.charCodeAt(0);
  const numeric = (first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d || first === 0x2e;
  if (!numeric) return { value: text };
  if (NOT_FINITE.test(text)) return { refused: `${text} is no number that JSON can hold` };
  const digits = text.replaceAll('_', '');
  const integer = INTEGER.exec(digits);
  if (integer !== null) return { value: toInteger(integer) };
  // `08` is no octal number, so go-yaml falls through to its float pattern and reads 8.
  if (FLOAT.test(digits)) {
    const number = Number(digits);
    return Number.isFinite(number) ? { value: number } : { refused: `${text} is larger than any number JSON can hold` };
  }
  return { value: text };
}

function toInteger([, sign, hex, binary, octal, decimal]: RegExpExecArray): number {
  let magnitude = Number(decimal);
  if (hex !== undefined) magnitude = Number.parseInt(hex, 16);
  else if (binary !== undefined) magnitude = Number.parseInt(binary, 2);
  else if (octal !== undefined) magnitude = Number.parseInt(octal, 8);
  // Never -0: JSON has none.
  return sign === '-' && magnitude !== 0 ? -magnitude : magnitude;
}
