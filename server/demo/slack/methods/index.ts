import { auth } from './auth';
import { chat } from './chat';
import { conversations } from './conversations';
import { files } from './files';
import type { AnonymousMethod, Method } from './method';
import { oauth } from './oauth';
import { users } from './users';
import { views } from './views';

/** The methods that the fake knows. */
export const METHODS: Readonly<Record<string, Method | AnonymousMethod>> = {
  ...auth,
  ...chat,
  ...conversations,
  ...users,
  ...views,
  ...files,
  ...oauth,
};
