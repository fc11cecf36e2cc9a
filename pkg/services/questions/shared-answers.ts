/** One answer for all who ask the same within a short time: for questions that may be asked once only. */
import type { Clock } from '../../store/clock.ts';

export interface SharedAnswers<T> {
  /** Who asks with a key that is under way, or was answered just now, gets that answer. A failure is not kept. */
  run(key: string, ask: () => Promise<T>): Promise<T>;
}

/** Milliseconds: as long as workers may differ in what they have seen of a browser. */
const Kept = 10_000;
const MaxKept = 1000;

export function createSharedAnswers<T>(clock: Clock): SharedAnswers<T> {
  const answers = new Map<string, Promise<T>>();
  return {
    run(key, ask) {
      const known = answers.get(key);
      if (known !== undefined) return known;
      const answer = ask();
      const forget = (): void => {
        if (answers.get(key) === answer) answers.delete(key);
      };
      answers.set(key, answer);
      const [oldest] = answers.keys();
      if (answers.size > MaxKept && oldest !== undefined) answers.delete(oldest);
      answer.then(() => void clock.after(Kept, forget), forget);
      return answer;
    },
  };
}
