/** The recorder: answers with ids, keeps bytes, stops at the first broken one. */
import { afterEach, expect, test } from '@jest/globals';
import { openClient } from '../../pkg/testkit/client.ts';
import { createRecorder, type Recorder, type Script } from './recorder.ts';
import { talk } from './talk.ts';

let recorder: Recorder;
afterEach(() => recorder.close());

const get = (client: string, more = ''): string =>
  `GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${client}\r\n${more}\r\n`;

async function said(bytes: string, answers: number, script?: Script): Promise<Awaited<ReturnType<typeof talk>>> {
  recorder = await createRecorder(script);
  return talk({ port: recorder.port, address: '127.0.0.1', bytes, answers });
}

test('each request gets an id of its own, and is kept under its client', async () => {
  const { answers } = await said(get('one') + get('two') + get('one'), 3);
  expect(answers.map(({ id, body }) => [id, body])).toEqual([
    ['answer-1', 'answer-1'],
    ['answer-2', 'answer-2'],
    ['answer-3', 'answer-3'],
  ]);
  expect(recorder.of('one').map(({ id }) => id)).toEqual(['answer-1', 'answer-3']);
  expect([recorder.violations(), recorder.received]).toEqual([[], (get('one') + get('two') + get('one')).length]);
});

test('at the first broken byte it ends, and tells why', async () => {
  const { answers, end } = await said(
    `${get('one')}GET / HTTP/1.1\nHost: a\r\n\r\n${get('two')}`,
    Number.POSITIVE_INFINITY,
  );
  expect([answers.length, end]).toEqual([1, 'closed']);
  expect(recorder.violations()).toEqual(['start line "GET / HTTP/1.1\\nHost: a"']);
  expect(recorder.of('two')).toEqual([]);
});

test('a script gives other answers, and spoils the connection', async () => {
  const { answers } = await said(get('one') + get('two'), 2, ({ client }) =>
    client === 'one' ? { bytes: 'HTTP/1.1 204 \r\nX-Answer: scripted\r\n\r\n', spoils: 'a test' } : null,
  );
  expect(answers.map(({ id }) => id)).toEqual(['scripted', 'answer-2']);
  expect(recorder.violations()).toEqual(['used again after a test']);
});

test('bytes behind an upgrade that did not wait for its answer are found', async () => {
  const answer = { bytes: 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n', tunnel: true };
  const upgrade = get('one', 'Connection: Upgrade\r\nUpgrade: chat\r\n');
  await said(`${upgrade}early`, 1, () => answer);
  expect(recorder.violations()).toEqual(['used again after a request for an upgrade, before its answer']);
});

test('a body that waits for 100 Continue is asked for once', async () => {
  recorder = await createRecorder();
  const client = await openClient(recorder.port);
  client.send(get('one', 'Expect: 100-continue\r\nContent-Length: 2\r\n'));
  expect((await client.message()).startLine).toBe('HTTP/1.1 100 Continue');
  client.send('h');
  client.send('i');
  expect((await client.message()).header('x-answer')).toBe('answer-1');
  client.close();
});
