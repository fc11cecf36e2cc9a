import { createHandleTransport } from '../proxy/transport-handle.ts';
import { describeLane } from './lane.suite.ts';

describeLane('undici', 'Undici', createHandleTransport);
