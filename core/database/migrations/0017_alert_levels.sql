-- Stands in for the migration of the branch `levels`: only what delivery reads. Dropped at the merge.
alter table talktime.partners
  add column alert_emails text[] not null default '{}',
  add column alert_interval_minutes integer not null default 0 check (alert_interval_minutes >= 0);
alter table talktime.customers add column alert_emails text[] not null default '{}';
