import { describeTransport } from './transport.suite.ts';
import { createSocketTransport } from './transport-socket.ts';

describeTransport('socket', createSocketTransport);
