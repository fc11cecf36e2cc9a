/** Every generated file of the charts and their reference page. Written by scripts/generate.ts; a test compares them with what is committed. */
import { crdYaml, OWN_KINDS, type OwnKind } from '../../pkg/api/crd.ts';
import { KINDS } from '../../pkg/api/kinds.ts';
import { valuesPage, valuesSchema, valuesYaml } from './render.ts';
import { rulesTemplate } from './rules.ts';
import { chartValues } from './values.ts';

const chart = 'charts/suuupra-gateway';
const crdChart = 'charts/suuupra-gateway-crds';

/** Path from the root of the repository → content. */
export function chartFiles(): ReadonlyMap<string, string> {
  return new Map([
    [`${chart}/values.yaml`, valuesYaml(chartValues)],
    [`${chart}/values.schema.json`, valuesSchema(chartValues)],
    [`${chart}/templates/_rules.tpl`, rulesTemplate()],
    ['docs/reference/helm.md', valuesPage(chartValues)],
    ...(Object.keys(OWN_KINDS) as OwnKind[]).map(
      (kind) => [`${crdChart}/templates/${KINDS[kind].plural}.yaml`, crdTemplate(crdYaml(kind))] as const,
    ),
  ]);
}

/** The CRD as a template that leaves it on the cluster when the chart is removed, and that no older chart puts over a newer one. */
function crdTemplate(crd: string): string {
  const name = /^ {2}name: (\S+)$/m.exec(crd)?.[1] ?? '';
  return `{{- include "suuupra-gateway-crds.notOlder" (dict "root" . "name" "${name}") }}\n${crd
    .replaceAll('{{', '{{ "{{" }}')
    .replace(/^( {2}annotations:\n)/m, '$1    helm.sh/resource-policy: keep\n')}`;
}
