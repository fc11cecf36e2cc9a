/** Which fields cross between the client, the gateway and a service. Names in lower case. */

/** Frame a message, or belong to one connection (RFC 9110 7.6.1). */
const connectionLevel = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Of a request, what would change which answer the service gives to the check itself: 206, 304, 412, a compressed page. */
const aboutTheAnswer = new Set([
  'accept-encoding',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
]);

/** Of an answer, what describes its own body, or is for the client and no backend. */
const aboutTheBody = new Set([
  'content-digest',
  'content-encoding',
  'content-language',
  'content-location',
  'content-range',
  'content-type',
  'digest',
  'set-cookie',
]);

/** What the gateway says of the client and its request where it says it at all; the proxy hides what of it clients send. */
const forwarded = /^(?:forwarded|x-forwarded-.*|x-real-ip)$/;

/** The same, in the words of ingress-nginx. From a client it would be a lie that a service believes. */
const nginx = /^(?:x-original-.*|x-auth-request-redirect|x-scheme|x-sent-from|ssl-client-.*)$/;

/** CGI, WSGI and Rack read `X_Original_Url` as X-Original-URL. */
function read(name: string): string {
  return name.replaceAll('_', '-');
}

/** Whether a service that is asked by a request of HTTP may see what stands under the name. */
export function isForHttpService(name: string): boolean {
  return isForService(name) && !aboutTheAnswer.has(name);
}

/** The same where the request is described in a message. */
export function isForService(name: string): boolean {
  const seen = read(name);
  return !connectionLevel.has(seen) && !nginx.test(seen) && (seen === name || !forwarded.test(seen));
}

/** Whether the contract of ingress-nginx has words of its own for it. */
export function isForwarded(name: string): boolean {
  return forwarded.test(name);
}

/** Whether a service may tell the backend something under the name. */
export function isForBackend(name: string): boolean {
  return isField(name) && !connectionLevel.has(name) && name !== 'content-type' && name !== 'content-encoding';
}

/** The same, where it did not say for whom the field is. */
export function isForBackendUnasked(name: string): boolean {
  return (
    isForBackend(name) && !aboutTheBody.has(name) && isForService(name) && !isForwarded(name) && name !== 'x-request-id'
  );
}

/** Whether a service may tell the client something under the name. */
export function isForClient(name: string): boolean {
  return isField(name) && !connectionLevel.has(name);
}

function isField(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name);
}
