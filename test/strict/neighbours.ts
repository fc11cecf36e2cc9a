/** Good requests that stand before and behind a hostile input on one connection, and how to know them again at the backend. */
import { valuesOf } from './message.ts';
import type { Recorded } from './recorder.ts';
import { talk } from './talk.ts';
import { type Ended, laneNames, type World } from './world.ts';

const neighbour = (which: string, ...fields: string[]): string =>
  [`GET /${which} HTTP/1.1`, 'Host: neighbour.example', `X-Neighbour: ${which}`, ...fields, '', ''].join('\r\n');

export const before = neighbour('before');
/** Behind it the gateway closes. */
export const after = neighbour('after', 'Connection: close');

/** `before`, `after`, or the empty string for the input itself. */
export function neighbourOf({ message }: Recorded): string {
  return valuesOf(message.fields, 'x-neighbour').join();
}

/** Asks for one more answer on each lane, then ends the gateway. @throws if it does not serve */
export async function endServing(world: World): Promise<Ended> {
  for (const lane of laneNames) {
    const { answers } = await talk({ port: world.port(lane), address: world.address(), bytes: after, answers: 1 });
    if (answers[0]?.status !== 200) throw new Error(`the gateway serves no more on its ${lane} lane`);
  }
  return world.stop();
}
