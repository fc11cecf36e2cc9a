/** How large an encoded body becomes, found out while it goes by: decoded in the thread pool, counted, thrown away. */
import type { Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { AnyRatio, type Coding, MaxZstdWindowLog } from './decompress.ts';
import type { BodyGuard, DenialCode } from './runtime.ts';

export interface DecodedLimits {
  /** Bytes; Infinity for none. */
  readonly size: number;
  /** Bytes that come out for each that goes in, beyond the first 16 KiB; Infinity for none. */
  readonly ratio: number;
}

type Encoded = Exclude<Coding, 'identity'>;
type Decoder = Transform & { readonly bytesWritten: number };

const decoders: { readonly [C in Encoded]: () => Decoder } = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: MaxZstdWindowLog } }),
};

/**
 * Refuses with `body-too-large` as soon as a limit is passed: no more is decoded than that and what one part held. With `request-invalid` what
 * cannot be decoded to its last byte, since a backend that is less strict would make something else of it.
 */
export class DecodedSize implements BodyGuard {
  readonly #limits: DecodedLimits;
  readonly #decoder: Decoder;
  #received = 0;
  #decoded = 0;
  #refusal: DenialCode | null = null;
  #settle: () => void = () => undefined;

  constructor(coding: Encoded, limits: DecodedLimits) {
    this.#limits = limits;
    this.#decoder = decoders[coding]();
    this.#decoder.on('data', this.#count);
    this.#decoder.on('error', () => this.#refuse('request-invalid'));
    this.#decoder.on('close', () => this.#settle());
  }

  async data(bytes: Uint8Array, last: boolean): Promise<DenialCode | null> {
    this.#received += bytes.length;
    if (bytes.length > 0) await this.#run((done) => void this.#decoder.write(bytes, done));
    // It stopped short of the end of what it was given: something follows that another decoder might go on with.
    if (this.#decoder.bytesWritten !== this.#received) this.#refuse('request-invalid');
    // Nothing at all is no bomb, and some clients send it.
    if (last && this.#received > 0) await this.#run(() => void this.#decoder.end());
    return this.#refusal;
  }

  close(): void {
    this.#decoder.destroy();
  }

  /** A decoder that was destroyed calls nobody back: its `close` settles then. */
  #run(start: (done: () => void) => void): Promise<void> {
    if (this.#refusal !== null || this.#decoder.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settle = resolve;
      start(resolve);
    });
  }

  readonly #count = (part: Uint8Array): void => {
    this.#decoded += part.length;
    const { size, ratio } = this.#limits;
    if (this.#decoded > Math.min(size, Math.max(AnyRatio, this.#received * ratio))) this.#refuse('body-too-large');
  };

  #refuse(code: DenialCode): void {
    this.#refusal ??= code;
    this.#decoder.destroy();
  }
}
