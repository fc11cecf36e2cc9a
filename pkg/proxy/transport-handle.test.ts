import { describeTransport } from './transport.suite.ts';
import { createHandleTransport } from './transport-handle.ts';

describeTransport('handle', createHandleTransport);
