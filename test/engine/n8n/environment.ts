/** What n8n reads from the environment when it is loaded: quiet, and away from the folder of an n8n that the developer has. */
import { join } from 'node:path';

Object.assign(process.env, {
  N8N_USER_FOLDER: join(__dirname, '../.n8n/home', process.env.JEST_WORKER_ID ?? '1'),
  N8N_ENCRYPTION_KEY: 'key of the engine tests',
  N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: 'false',
  N8N_LOG_LEVEL: 'silent',
});
