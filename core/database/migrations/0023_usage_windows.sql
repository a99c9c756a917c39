-- What a wallet used in each of the last full 24 hours, as it was at the end of the last full hour: forecasts read it instead
-- of adding up four weeks of hours. A job keeps it every hour. Of a wallet that is not there, or there for another hour,
-- the hours are added up.
create table talktime.usage_windows (
  partner_id uuid not null,
  wallet_id  integer not null,
  ends       timestamptz not null,  -- of the newest window
  used       bigint[] not null,     -- newest first, as many as there is history
  pace       bigint[] not null,     -- what they say of each of the next seven days; empty when nothing is used
  primary key (partner_id, wallet_id)
) with (fillfactor = 50);

grant select, insert, update, delete on talktime.usage_windows to talktime_service;
alter table talktime.usage_windows enable row level security;
create policy of_the_partner on talktime.usage_windows to talktime_service
  using (partner_id = (select nullif(current_setting('talktime.partner_id', true), '')::uuid));
