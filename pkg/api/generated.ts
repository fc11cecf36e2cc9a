/** The files that are generated from pkg/api. Written by scripts/generate.ts; a test compares them with what is committed. */
import { crdYaml, OWN_KINDS, type OwnKind } from './crd.ts';
import { KINDS, OUR_GROUP } from './kinds.ts';
import { referencePage } from './reference.ts';

/** Path from the root of the repository → content. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const kind of Object.keys(OWN_KINDS) as OwnKind[]) {
    files.set(`crds/${OUR_GROUP}_${KINDS[kind].plural}.yaml`, crdYaml(kind));
    files.set(`docs/reference/${kind.toLowerCase()}.md`, referencePage(kind));
  }
  return files;
}
