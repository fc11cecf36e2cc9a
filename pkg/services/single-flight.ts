/** One run at a time for each key: whoever asks while it is under way gets the same result. */
export type SingleFlight<T> = (key: string, run: () => Promise<T>) => Promise<T>;

export function createSingleFlight<T>(): SingleFlight<T> {
  const inFlight = new Map<string, Promise<T>>();
  return (key, run) => {
    const known = inFlight.get(key);
    if (known !== undefined) return known;
    const running = run().finally(() => inFlight.delete(key));
    inFlight.set(key, running);
    return running;
  };
}
