-- What the doctor asks of the inbox: when an account at a provider last delivered, and what of late could not be used.

create index inbox_of_an_endpoint on talktime.inbox (partner_id, endpoint_id, received_at);
create index inbox_unusable on talktime.inbox (partner_id, received_at) where state in ('unreadable', 'refused');
