/** The ways in which a backend may read a path, careless ones included: what the path tests hold against what reached the recorder. */

const decode = (path: string): string =>
  path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
// Overlong UTF-8 forms of ASCII, which lenient decoders take for it.
const fold = (path: string): string => path.replaceAll('\xc0\xae', '.').replaceAll('\xc0\xaf', '/');
const slashes = (path: string): string => path.replaceAll('\\', '/');
const withoutParameters = (path: string): string => path.replace(/;[^/]*/g, '');
// oxlint-disable-next-line no-control-regex -- where C stops
const cut = (path: string): string => path.replace(/[\0\r\n][^]*$/, '');
const merge = (path: string): string => path.replace(/\/{2,}/g, '/');
const lower = (path: string): string => path.toLowerCase();

const steps = [fold, slashes, withoutParameters, cut, merge, lower];

/** @returns the paths as which some backend may serve `target`: decoded up to twice, with and without each habit, dot segments resolved */
export function readingsOf(target: string): ReadonlySet<string> {
  const readings = new Set<string>();
  const once = target.replace(/\?[^]*$/, '');
  for (const path of [once, decode(once), decode(decode(once))]) {
    for (let habits = 0; habits < 1 << steps.length; habits++) {
      const read = steps.reduce((text, step, i) => ((habits & (1 << i)) === 0 ? text : step(text)), path);
      readings.add(resolve(read));
    }
  }
  return readings;
}

/** RFC 3986 5.2.4. */
function resolve(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
}
