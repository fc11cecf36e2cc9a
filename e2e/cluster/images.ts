/** The images that run in the test cluster, under the names that its manifests give them: one archive. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Image, packImages } from '../../scripts/oci.ts';
import { here } from './inputs.ts';
import { PauseImage } from './settings.ts';

/** @param folder of the binaries, where the archive goes too */
export function packClusterImages(folder: string): void {
  const named = suiteImages();
  const images: Image[] = [
    image(folder, 'pause', [PauseImage]),
    image(folder, 'coredns', ['e2e.local/coredns:1', ...named.filter((name) => name.includes('/coredns:'))]),
    image(folder, 'echo-basic', ['e2e.local/echo:1', ...named.filter((name) => name.includes('/echo-basic:'))]),
  ];
  writeFileSync(join(folder, 'images.tar'), packImages(images, process.arch === 'arm64' ? 'arm64' : 'amd64'));
}

function image(folder: string, binary: string, names: readonly string[]): Image {
  return {
    names,
    files: [{ path: binary, kind: 'file', mode: 0o755, content: readFileSync(join(folder, binary)) }],
    config: { entrypoint: [`/${binary}`], user: '65532:65532' },
  };
}

/** As the conformance suite's manifests name them: no registry is asked, the names alone have to be the same. */
function suiteImages(): string[] {
  const suite = moduleFolder('sigs.k8s.io/gateway-api/conformance');
  const names = new Set<string>();
  for (const part of ['base', 'tests']) {
    for (const file of readdirSync(join(suite, part), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.yaml')) continue;
      for (const [, name = ''] of readFileSync(join(suite, part, file), 'utf8').matchAll(/image: *(\S+)/g))
        names.add(name);
    }
  }
  return [...names].toSorted();
}

/** Where Go keeps the sources of a module that the test cluster is built from. */
export function moduleFolder(module: string): string {
  return execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', module], { cwd: here, encoding: 'utf8' }).trim();
}
