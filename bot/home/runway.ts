import { pace } from '../messages/amounts';
import type { HomeCustomer } from '../ports';

/** How long a balance is expected to last, with its range: "about 6 days (4 to 10)". */
export function runwayText(runway: HomeCustomer['runway']): string {
  if (runway === null) return pace(null);
  const { days, from, to } = runway;
  const [least, most] = [Math.round(from), to === null ? null : Math.round(to)];
  if (days < 2 || least === most) return pace(days);
  return `${pace(days)} (${least} to ${most === null ? 'beyond a year' : most})`;
}
