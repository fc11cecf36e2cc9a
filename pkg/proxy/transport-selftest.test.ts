import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Timers } from './timers.ts';
import { chooseTransport, testTransport } from './transport-selftest.ts';
import { createSocketTransport } from './transport-socket.ts';

describe('chooseTransport', () => {
  let timers: Timers;
  beforeEach(() => {
    timers = new Timers();
  });
  afterEach(() => timers.close());

  test.each([
    ['socket', 'socket'],
    ['handle', 'handle'],
    ['auto', 'handle'],
  ] as const)('%s gives the %s transport', async (setting, expected) => {
    const { transport, reason } = await chooseTransport(setting, timers);
    expect([transport.name, reason]).toEqual([expected, null]);
  });

  test('a transport that changes a byte does not pass', async () => {
    const honest = createSocketTransport(timers);
    const surprise = await testTransport({
      ...honest,
      listen: (options, onConnection) =>
        honest.listen(options, (connection) => {
          onConnection(connection);
          const echo = connection.handler;
          connection.handler = {
            onData: (bytes, start, end) => {
              bytes[start] = bytes[start]! ^ 1;
              echo.onData(bytes, start, end);
            },
            onEnd: () => echo.onEnd(),
            onDrain: () => echo.onDrain(),
            onClose: (error) => echo.onClose(error),
          };
        }),
    });
    expect(surprise).toContain('wrong bytes');
  });

  test('a transport that cannot connect does not pass', async () => {
    const surprise = await testTransport({
      ...createSocketTransport(timers),
      connect: (_, onConnect) => onConnect(null, 'ECONNREFUSED'),
    });
    expect(surprise).toBe('connect: ECONNREFUSED');
  });
});
