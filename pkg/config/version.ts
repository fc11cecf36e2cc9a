/** The version of this build, for `--version` and metrics. */
import manifest from '../../package.json' with { type: 'json' };

export const version: string = manifest.version;
