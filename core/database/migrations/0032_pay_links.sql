-- Links by which a customer's people pay, without an account of ours. Raising the version ends all that were given out.
alter table talktime.customers add column pay_link_version integer not null default 1;
