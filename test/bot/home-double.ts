import type { HomeData, PeopleData } from '../../bot/ports';

const unasked = () => Promise.reject(new Error('not asked for in this test'));

/** The service's side of the Home tab, for tests that do not open it. */
export const HOME_UNASKED: HomeData & PeopleData = {
  console: unasked,
  monthMargin: unasked,
  retryRoute: unasked,
  roles: unasked,
  setRole: unasked,
  removeRole: unasked,
  ownersOf: unasked,
  channelLinks: unasked,
  unlinkChannel: unasked,
  slackSettings: unasked,
  setSlackSettings: unasked,
};
