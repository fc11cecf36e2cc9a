/** Entry of the services thread: started by the supervisor. */
import { createFeedSource } from '../services/feed-source.ts';
import { runServices } from './services-main.ts';

await runServices(({ geoipDatabase }, log) => createFeedSource({ geoipDatabase, log }));
