/** Structural schema of GatewayRoute's spec: HTTPRoute's, with more in some places and nothing taken away. */
import {
  cookieMatchSchema,
  directResponseSchema,
  idleTimeoutSchema,
  prioritySchema,
  replaceRegularExpressionSchema,
} from './gatewayroute.ts';
import { describeInherited } from './gatewayroute-words.ts';
import { rulePoliciesSchema } from './policies.ts';
import type { Rule } from './schema.ts';
import type { StructuralSchema } from './structural.ts';
import { structuralOf } from './typebox-structural.ts';

/** @param http structural schema of HTTPRoute's spec */
export function gatewayRouteSpec(http: StructuralSchema): StructuralSchema {
  const rule = itemsOf(propertyOf(http, 'rules'));
  const match = itemsOf(propertyOf(rule, 'matches'));
  const backendRef = itemsOf(propertyOf(rule, 'backendRefs'));
  const extendedMatch = withProperties(match, {
    path: withCheapCharacterRules(propertyOf(match, 'path')),
    cookies: {
      type: 'array',
      description: 'Cookies that the request must have, each of them.',
      maxItems: 16,
      items: structuralOf(cookieMatchSchema),
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
  });
  const extendedRule = withProperties(rule, {
    matches: withItems(propertyOf(rule, 'matches'), extendedMatch),
    filters: extendedFilters(propertyOf(rule, 'filters')),
    backendRefs: withItems(
      propertyOf(rule, 'backendRefs'),
      withProperties(backendRef, {
        filters: extendedFilters(propertyOf(backendRef, 'filters')),
        priority: structuralOf(prioritySchema),
      }),
    ),
    policies: structuralOf(rulePoliciesSchema),
    timeouts: withProperties(propertyOf(rule, 'timeouts'), { idle: structuralOf(idleTimeoutSchema) }),
  });
  const spec = withProperties(http, {
    rules: {
      ...withItems(propertyOf(http, 'rules'), extendedRule),
      maxItems: 64,
      'x-kubernetes-validations': (propertyOf(http, 'rules')['x-kubernetes-validations'] ?? []).filter(
        // CEL has no sum: over 64 rules this one would be a text of 64 terms, so translate counts the matches.
        ({ rule }) => !rule.includes('self[15].matches.size()'),
      ),
    },
  });
  return describeInherited(spec);
}

/**
 * HTTPRoute's rule matches a value of 1,024 characters with a long expression; over 64 rules of 64 matches the API server
 * estimates 2.4 times its budget for that. The estimate grows with the length of the expression, so three short ones say the same.
 */
function withCheapCharacterRules(path: StructuralSchema): StructuralSchema {
  const rules = path['x-kubernetes-validations'] ?? [];
  const unless = (bad: string) => `self.type == 'RegularExpression' || !self.value.matches('${bad}')`;
  return {
    ...path,
    'x-kubernetes-validations': [
      ...rules.filter(({ rule }) => !rule.includes('self.value.matches(')),
      {
        rule: unless('[^!$-;=@-Z_a-z~]'),
        message: "must only contain letters, digits and -/._~!$&'()*+,;=:@% for types ['Exact', 'PathPrefix']",
      },
      { rule: unless('%[^0-9A-Fa-f]|%.?$'), message: 'must have two hexadecimal digits after every %' },
      { rule: unless('%.[^0-9A-Fa-f]'), message: 'must have two hexadecimal digits after each %' },
    ],
  };
}

function extendedFilters(filters: StructuralSchema): StructuralSchema {
  const filter = itemsOf(filters);
  const urlRewrite = propertyOf(filter, 'urlRewrite');
  const path = propertyOf(urlRewrite, 'path');
  const pathType = propertyOf(path, 'type');
  const type = propertyOf(filter, 'type');
  const extendedPath = withRules(
    withProperties(path, {
      type: { ...pathType, enum: [...(pathType.enum ?? []), 'ReplaceRegularExpression'] },
      replaceRegularExpression: structuralOf(replaceRegularExpressionSchema),
    }),
    {
      rule: "self.type == 'ReplaceRegularExpression' ? has(self.replaceRegularExpression) : !has(self.replaceRegularExpression)",
      message: 'replaceRegularExpression must be set when type is ReplaceRegularExpression, and only then',
    },
  );
  const extended = withRules(
    withProperties(filter, {
      type: { ...type, enum: [...(type.enum ?? []), 'DirectResponse'] },
      directResponse: structuralOf(directResponseSchema),
      urlRewrite: withProperties(urlRewrite, { path: extendedPath }),
    }),
    {
      rule: "self.type == 'DirectResponse' ? has(self.directResponse) : !has(self.directResponse)",
      message: 'directResponse must be set when type is DirectResponse, and only then',
    },
  );
  return withRules(withItems(filters, extended), {
    rule: "self.filter(f, f.type == 'DirectResponse').size() <= 1",
    message: 'DirectResponse filter cannot be repeated',
  });
}

function propertyOf(schema: StructuralSchema, name: string): StructuralSchema {
  const property = schema.properties?.[name];
  if (property === undefined)
    throw new Error(`the schema of HTTPRoute has no ${name}: was it generated from another version?`);
  return property;
}

function itemsOf(schema: StructuralSchema): StructuralSchema {
  if (schema.items === undefined)
    throw new Error('the schema of HTTPRoute lacks a list: was it generated from another version?');
  return schema.items;
}

function withItems(schema: StructuralSchema, items: StructuralSchema): StructuralSchema {
  return { ...schema, items };
}

function withProperties(schema: StructuralSchema, more: Readonly<Record<string, StructuralSchema>>): StructuralSchema {
  return { ...schema, properties: { ...schema.properties, ...more } };
}

function withRules(schema: StructuralSchema, ...rules: readonly Rule[]): StructuralSchema {
  return { ...schema, 'x-kubernetes-validations': [...(schema['x-kubernetes-validations'] ?? []), ...rules] };
}
