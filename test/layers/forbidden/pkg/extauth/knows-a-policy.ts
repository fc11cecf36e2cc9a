import { createAuthentication } from '../policy/authentication/filter.ts';

export const shared = createAuthentication;
