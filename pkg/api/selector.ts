/** Label selectors: which namespaces an allowedRoutes selector lets in. */

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelRequirement[];
}

export interface LabelRequirement {
  readonly key: string;
  /** In, NotIn, Exists or DoesNotExist; the CRDs leave it an open string, so an unknown one is possible. */
  readonly operator: string;
  readonly values?: readonly string[];
}

/**
 * Whether all requirements hold for `labels`.
 *
 * "An empty label selector matches all objects. A null label selector matches no objects." (LabelSelector, meta/v1)
 * An operator that does not exist matches nothing: a typing mistake must not let everybody in.
 */
export function matchesSelector(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (selector === undefined) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labelOf(labels, key) !== value) return false;
  }
  return (selector.matchExpressions ?? []).every((requirement) => holds(requirement, labelOf(labels, requirement.key)));
}

/** Why the selector can never be used, or undefined. Source: ValidateLabelSelectorRequirement of apimachinery. */
export function selectorMistake(selector: LabelSelector): string | undefined {
  for (const { operator, values, key } of selector.matchExpressions ?? []) {
    const count = values?.length ?? 0;
    if (operator === 'In' || operator === 'NotIn') {
      if (count === 0) return `operator ${operator} on label ${key} needs at least one value`;
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (count > 0) return `operator ${operator} on label ${key} takes no values; remove them`;
    } else {
      return `operator ${JSON.stringify(operator)} on label ${key} does not exist; use In, NotIn, Exists or DoesNotExist`;
    }
  }
  return undefined;
}

function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function holds({ operator, values = [] }: LabelRequirement, label: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      // "NotIn" holds for an object without the label, too.
      return label === undefined || !values.includes(label);
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    default:
      return false;
  }
}
