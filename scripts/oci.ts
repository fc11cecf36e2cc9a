/**
 * Container images without a container engine: one uncompressed layer as an OCI image layout in a tar archive, which
 * `ctr images import`, `docker load`, `podman load` and `skopeo copy oci-archive:` read. Equal input gives equal bytes.
 * Source: OCI Image Format Specification 1.1, "image-layout.md".
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { packTar, type TarEntry } from './tar.ts';

export interface Image {
  /** Full names: `e2e.local/pause:1`. */
  readonly names: readonly string[];
  readonly files: readonly TarEntry[];
  readonly config: {
    readonly entrypoint: readonly string[];
    readonly environment?: readonly string[];
    /** `65532:65532`; root if absent. */
    readonly user?: string;
    readonly workingFolder?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** One archive with all of them. Folders that hold files are added. */
export function packImages(images: readonly Image[], architecture: 'amd64' | 'arm64'): Buffer {
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, content: Buffer): Descriptor => {
    const hash = createHash('sha256').update(content).digest('hex');
    blobs.set(hash, content);
    return { mediaType, digest: `sha256:${hash}`, size: content.length };
  };
  const addJson = (mediaType: string, value: object): Descriptor => add(mediaType, Buffer.from(JSON.stringify(value)));
  const manifests = images.flatMap(({ names, files, config }) => {
    const layer = add('application/vnd.oci.image.layer.v1.tar', packTar(withFolders(files)));
    const configuration = addJson('application/vnd.oci.image.config.v1+json', {
      architecture,
      os: 'linux',
      config: {
        Entrypoint: config.entrypoint,
        Env: config.environment ?? ['PATH=/bin'],
        ...(config.user === undefined ? {} : { User: config.user }),
        WorkingDir: config.workingFolder ?? '/',
        ...(config.labels === undefined ? {} : { Labels: config.labels }),
      },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    });
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = addJson(mediaType, { schemaVersion: 2, mediaType, config: configuration, layers: [layer] });
    return names.map((name) => ({
      ...manifest,
      annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
    }));
  });
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
  const file = (path: string, content: Buffer): TarEntry => ({ path, kind: 'file', mode: 0o644, content });
  return packTar([
    file('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
    file('index.json', Buffer.from(JSON.stringify(index))),
    ...[...blobs]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([hash, content]) => file(`blobs/sha256/${hash}`, content)),
  ]);
}

/** Sorted by path, each folder before what it holds. */
function withFolders(files: readonly TarEntry[]): TarEntry[] {
  const entries = new Map<string, TarEntry>();
  for (const file of files) {
    const parts = file.path.split('/');
    for (let i = 1; i < parts.length; i++) {
      const path = parts.slice(0, i).join('/');
      if (!entries.has(path)) entries.set(path, { path, kind: 'folder', mode: 0o755 });
    }
  }
  for (const file of files) entries.set(file.path, file);
  return [...entries.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
