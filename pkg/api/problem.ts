/** What is wrong with one field of an object that a user wrote. */

export interface FieldProblem {
  /** From the object's root: `spec.rules[0].backendRefs[1].port`; `''` for the object itself. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What to write instead. */
  readonly hint: string;
}

/** Where a check stands in an object, and what it found so far. One per validated object. */
export class Findings {
  readonly problems: FieldProblem[] = [];
  readonly #path: (string | number)[] = [];

  enter(segment: string | number): void {
    this.#path.push(segment);
  }

  leave(): void {
    this.#path.pop();
  }

  /** Reports the field entered last, or one below it. An object that is nothing but mistakes is not worth a longer list than this. */
  report(message: string, hint: string, ...below: readonly (string | number)[]): void {
    if (this.problems.length < 64) this.problems.push({ path: renderPath([...this.#path, ...below]), message, hint });
  }
}

/** `['spec', 'rules', 0, 'a.b']` → `spec.rules[0]["a.b"]`. */
export function renderPath(segments: readonly (string | number)[]): string {
  let path = '';
  for (const segment of segments) {
    if (typeof segment === 'number') path += `[${segment}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(segment)) path += path === '' ? segment : `.${segment}`;
    else path += `[${quote(segment)}]`;
  }
  return path;
}

/** A user's text in a message: quoted, control characters escaped, and short. */
export function quote(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 77)}…`);
}
