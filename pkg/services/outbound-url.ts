/** The URLs that the gateway asks on its own account: what users write, and what a provider's document names. */

/** @returns the URL, or why it is not asked */
export function parseOutboundUrl(text: string, insecure: boolean): URL | string {
  const url = URL.parse(text);
  if (url === null) return 'it is no absolute URL';
  if (url.protocol !== 'https:' && !(insecure && url.protocol === 'http:')) return 'it is not https';
  // They would end up in logs and metrics.
  if (url.username !== '' || url.password !== '') return 'it holds a user name or password';
  return url;
}
