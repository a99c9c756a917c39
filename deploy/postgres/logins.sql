-- The logins and databases of compose.yaml. The postgres image runs this once, by psql as the superuser, when its data folder is new.
-- docs/operators.md ("Roles") says why there are two logins for Talktime: the service's password cannot undo the ledger's protection.

\getenv owner_password TALKTIME_OWNER_DB_PASSWORD
\getenv service_password TALKTIME_DB_PASSWORD
\getenv n8n_password N8N_DB_PASSWORD

create role talktime_owner login createrole password :'owner_password';
create role talktime login password :'service_password';
create role n8n login password :'n8n_password';

-- The migrations create this role, too. It is here already, so that the service's login may take it from the first start on.
create role talktime_service nologin;
grant talktime_service to talktime;
grant talktime_service to talktime_owner;

create database talktime owner talktime_owner;
create database n8n owner n8n;

-- Each login reaches its own database alone.
revoke connect, temporary on database talktime from public;
revoke connect, temporary on database n8n from public;
revoke connect, temporary on database postgres from public;
grant connect on database talktime to talktime;
