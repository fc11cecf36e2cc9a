/** One validation of one value: what it may still cost, and what it found. */

import type { FieldError } from '../runtime.ts';

/** Where a value stands; made into text only for an error. */
export type Path = { readonly parent: Path; readonly key: string | number } | null;

/** @returns whether the value passes; if not, and errors are wanted, it has told why */
export type Check = (value: unknown, path: Path, run: Run) => boolean;

/** Steps of one validation: a schema that meets a value, some tens of characters of a text. Below 100 ns each. */
const Budget = 200_000;
/** Schemas inside of schemas, through `$ref` that may never end. */
const MaxDepth = 300;
const MaxErrors = 10;

/** Thrown when the budget is used up: no answer, so no pass. */
export class TooComplex extends Error {}

export class Run {
  readonly errors: FieldError[] = [];
  #left = Budget;
  #depth = 0;
  /** Inside of anyOf, oneOf, not, if: what fails there is no error of the body yet. */
  #silent = 0;

  charge(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooComplex();
  }

  enter(): void {
    this.charge(1);
    if (++this.#depth > MaxDepth) throw new TooComplex();
  }

  leave(): void {
    this.#depth--;
  }

  /** Asks without telling. */
  ask(check: Check, value: unknown, path: Path): boolean {
    this.#silent++;
    const passes = check(value, path, this);
    this.#silent--;
    return passes;
  }

  /** @param message of the schema alone: values are the client's, and none is sent back. @returns false */
  fail(path: Path, message: string): false {
    if (this.#silent === 0 && this.errors.length < MaxErrors)
      this.errors.push({ path: pointerOf(path), message: message.slice(0, 256) });
    return false;
  }

  /** More errors than are told are not looked for. */
  get full(): boolean {
    return this.#silent > 0 || this.errors.length >= MaxErrors;
  }
}

function pointerOf(path: Path): string {
  const keys: string[] = [];
  for (let at = path; at !== null; at = at.parent) keys.push(String(at.key));
  return keys
    .toReversed()
    .map((key) => `/${key.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
    .slice(0, 512);
}
