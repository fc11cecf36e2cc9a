/** The field in which a trusted proxy names the client (`ClientAddress.header`). From anybody else it does not exist. */
import type { ClientHeader } from '../ir/settings.ts';
import type { ErrorCode } from './errors.ts';
import { addressOf } from './forwarded.ts';
import type { Request } from './request.ts';

/** Once `request.trusted` is known. @returns why the request is refused, or null */
export function readClientHeader(request: Request, { name, failClosed }: ClientHeader): ErrorCode | null {
  const { headers, trusted } = request;
  const value = headers.get(name);
  if (!trusted) {
    if (value !== undefined) headers.remove(name);
    return failClosed ? 'address-denied' : null;
  }
  const address = value === undefined ? null : addressOf(value);
  if (address !== null) request.clientAddress = address;
  else if (failClosed) return value === undefined ? 'address-denied' : 'header-invalid';
  return null;
}
