/** Makes a failing input small: lines are left out, then bytes, as long as it still fails (delta debugging). Bounded in tries and in time. */

const MaxTries = 1_500;
const MaxMs = 20_000;

/** @param fails what is wrong with an input, or null */
export async function minimise(
  input: string,
  fails: (input: string) => Promise<string | null>,
): Promise<{ readonly input: string; readonly what: string | null }> {
  const deadline = performance.now() + MaxMs;
  let tries = 0;
  let what = await fails(input);
  let smallest = input;
  if (what === null) return { input, what };
  const attempt = async (candidate: string): Promise<boolean> => {
    if (++tries > MaxTries || performance.now() > deadline) return false;
    const wrong = await fails(candidate);
    if (wrong === null) return false;
    what = wrong;
    smallest = candidate;
    return true;
  };
  for (const split of [/(?<=\n)/, /(?:)/]) await reduce(() => smallest.split(split), attempt);
  return { input: smallest, what };
}

/** Leaves out ever smaller runs of parts. */
async function reduce(parts: () => string[], attempt: (candidate: string) => Promise<boolean>): Promise<void> {
  for (let size = Math.ceil(parts().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < parts().length; ) {
      const current = parts();
      const without = [...current.slice(0, at), ...current.slice(at + size)].join('');
      if (without === '' || !(await attempt(without))) at += size;
    }
  }
}
