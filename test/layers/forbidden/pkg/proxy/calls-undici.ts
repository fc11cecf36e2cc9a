/** Forbidden: undici outside its rooms. */
export { Pool } from 'undici';
