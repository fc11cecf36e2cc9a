/** One body on its way through a compressor, in the thread pool. */
import { Buffer } from 'node:buffer';
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib';
import type { BodySink, BodyTransform } from '../runtime.ts';
import type { Coding } from './schema.ts';

type Stream = ReturnType<typeof createGzip>;

/** Bits of the window: each stream keeps some of it in memory, and a worker has thousands of streams. */
const Window = 17;

/** @param streams whether what has come must be readable at once: nobody knows when more will */
const createStream: { readonly [C in Coding]: (level: number, streams: boolean) => Stream } = {
  gzip: (level, streams) =>
    createGzip({ level, memLevel: 8, flush: streams ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH }),
  br: (level, streams) =>
    createBrotliCompress({
      flush: streams ? constants.BROTLI_OPERATION_FLUSH : constants.BROTLI_OPERATION_PROCESS,
      params: {
        [constants.BROTLI_PARAM_QUALITY]: level,
        [constants.BROTLI_PARAM_LGWIN]: Window,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      },
    }),
  zstd: (level, streams) =>
    createZstdCompress({
      flush: streams ? constants.ZSTD_e_flush : constants.ZSTD_e_continue,
      params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_windowLog]: Window },
    }),
};

export class Compressor implements BodyTransform {
  readonly #stream: Stream;
  readonly #closed: () => void;
  #sink: BodySink | null = null;

  /** @param closed once, when nothing is held any more */
  constructor(coding: Coding, level: number, streams: boolean, closed: () => void) {
    this.#closed = closed;
    this.#stream = createStream[coding](level, streams);
    this.#stream.on('data', (bytes: Buffer) => this.#sink?.data(bytes));
    this.#stream.on('error', () => this.#sink?.fail());
  }

  /** Resolves when the bytes are through, so that no more is held than one piece of the body. */
  data(bytes: Uint8Array, sink: BodySink): Promise<void> {
    this.#sink = sink;
    const copy = Buffer.from(bytes);
    return new Promise((resolve) => {
      this.#stream.write(copy, () => resolve());
    });
  }

  end(sink: BodySink): Promise<void> {
    this.#sink = sink;
    return new Promise((resolve) => {
      this.#stream.once('end', () => {
        sink.end();
        resolve();
      });
      this.#stream.once('close', resolve);
      this.#stream.end();
    });
  }

  close(): void {
    this.#sink = null;
    this.#stream.destroy();
    this.#closed();
  }
}
