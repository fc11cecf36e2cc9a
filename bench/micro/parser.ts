/** How long the codec takes for a head and for chunked framing. */
import { Buffer } from 'node:buffer';
import { ChunkedDecoder, Done } from '../../pkg/http1/chunked.ts';
import { Head, scanRequest, scanResponse } from '../../pkg/http1/head.ts';
import type { Benchmark } from './benchmark.ts';
import { browserHead, corpus, programHead, responseHead } from './heads.ts';

const group = 'parser';

export function parserBenchmarks(): readonly Benchmark[] {
  const browser = browserHead('shop-17.example.com', '/orders/1234?expand=lines');
  const program = programHead('shop-17.example.com', '/orders/1234');
  const inputs = corpus();
  return [
    scanning(`request head of a browser (${browser.length} B, 14 fields)`, [browser], scanRequest),
    scanning(`request head of a program (${program.length} B, 4 fields)`, [program], scanRequest),
    scanning(`response head (${responseHead.length} B, 9 fields)`, [responseHead], scanResponse),
    scanning(`the ${inputs.length} requests of test/corpus, each`, inputs, scanRequest),
    chunked('chunked body, 16 chunks of 256 B', 16, 256),
    chunked('chunked body, 1 chunk of 16 KB', 1, 16_384),
  ];
}

function scanning(name: string, inputs: readonly Buffer[], scan: typeof scanResponse): Benchmark {
  const head = new Head();
  return {
    group,
    name,
    run(count) {
      let sum = 0;
      for (let i = 0, at = 0; i < count; i++) {
        const bytes = inputs[at]!;
        if (++at === inputs.length) at = 0;
        sum += scan(bytes, 0, bytes.length, head);
      }
      return sum;
    },
  };
}

/** Decoding moves data in place, so each body is copied first, as a read from the socket does. */
function chunked(name: string, chunks: number, size: number): Benchmark {
  const chunk = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;
  const encoded = Buffer.from(`${chunk.repeat(chunks)}0\r\n\r\n`, 'latin1');
  const bytes = Buffer.alloc(encoded.length);
  const decoder = new ChunkedDecoder();
  return {
    group,
    name,
    run(count) {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        bytes.set(encoded);
        decoder.reset();
        if (decoder.feed(bytes, 0, bytes.length) !== Done) throw new Error('the body was not read to its end');
        sum += decoder.dataEnd - decoder.dataStart;
      }
      return sum;
    },
  };
}
