/** Look-ups in claims by name. */
import type { Identity } from '../identity.ts';

/** A claim by its whole name (`https://example.com/org` holds dots), else by its parts (`org.id`). Own keys only. */
export function claimOf(identity: Identity, name: string): unknown {
  const whole = own(identity.claims, name);
  if (whole !== undefined || !name.includes('.')) return whole;
  return name.split('.').reduce<unknown>(own, identity.claims);
}

/** Whether the claim, or an element of it if it is a list, is one of the texts. */
export function hasValue(claim: unknown, values: readonly string[]): boolean {
  if (Array.isArray(claim)) return claim.some((element) => isOneOf(element, values));
  return isOneOf(claim, values);
}

function isOneOf(value: unknown, values: readonly string[]): boolean {
  if (typeof value === 'string') return values.includes(value);
  return (typeof value === 'number' || typeof value === 'boolean') && values.includes(String(value));
}

function own(container: unknown, key: string): unknown {
  if (typeof container !== 'object' || container === null || !Object.hasOwn(container, key)) return undefined;
  return (container as Readonly<Record<string, unknown>>)[key];
}
