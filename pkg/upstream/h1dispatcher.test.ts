import { createHandleTransport } from '../proxy/transport-handle.ts';
import { createSocketTransport } from '../proxy/transport-socket.ts';
import { describeLane } from './lane.suite.ts';

describeLane('fast (handles)', 'Auto', createHandleTransport);
describeLane('fast (sockets)', 'Auto', createSocketTransport);
