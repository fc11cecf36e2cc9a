/** Why an evaluation gives no value. */

/** An evaluation that gives no value: a missing field, a wrong type, an overflow. Whoever asked must take it for a no. */
export class ExpressionFailure extends Error {
  override readonly name: string = 'ExpressionFailure';
}

/** The instruction budget is used up. Never absorbed by `||`, `&&` or `exists`, unlike other failures. */
export class BudgetFailure extends ExpressionFailure {
  override readonly name = 'BudgetFailure';
}
