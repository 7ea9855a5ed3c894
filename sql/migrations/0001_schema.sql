-- The tables of rowhook. Invariants stand here once, as constraints; functions rely on them.
-- Nothing here is granted to PUBLIC: writers of captured tables need no right on any of this, because
-- the capture functions are security definer. Roles get theirs in rowhook.grant_roles.

create schema rowhook;

-- What is installed ------------------------------------------------------------------------------

create table rowhook.migration (
  id          int primary key,
  name        text not null,
  checksum    text not null,
  applied_at  timestamptz not null default now()
);

-- `table_oids` is what rowhook.table_oids() said when the log began, or went on, in this cluster. After a
-- dump and restore into another one the tables have other oids, and that is how we know that
-- transaction ids and snapshots of the log mean nothing any more (rowhook.rebase).
create table rowhook.installation (
  only_row            boolean primary key default true check (only_row),
  id                  uuid not null default gen_random_uuid(),
  version             text not null default '',
  functions_checksum  text not null default '',
  table_oids          oid[],
  installed_at        timestamptz not null default now(),
  updated_at          timestamptz not null default now()
);
insert into rowhook.installation default values;

-- Configuration ----------------------------------------------------------------------------------

create table rowhook.endpoint (
  id                  uuid primary key default gen_random_uuid(),
  name                text not null unique check (name ~ '^[A-Za-z0-9_.-]{1,100}$'),
  url                 text not null,
  headers             jsonb not null default '{}',
  -- {header name: ciphertext}; associated data is 'endpoint:<id>:header:<name in lower case>'
  encrypted_headers   jsonb not null default '{}',
  -- [{"ciphertext", "created_at", "expires_at": null|time}], newest first;
  -- associated data is 'endpoint:<id>:signing'
  signing_secrets     jsonb not null default '[]',
  ca_certificate      text,
  client_certificate  text,
  -- ciphertext; associated data is 'endpoint:<id>:client_key'
  client_key          text,
  version             bigint not null default 1,
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now()
);

create table rowhook.sink (
  id                  int generated always as identity primary key,
  uid                 uuid not null unique default gen_random_uuid(),
  name                text not null unique check (name ~ '^[A-Za-z0-9_.-]{1,100}$'),
  endpoint_id         uuid not null references rowhook.endpoint,
  path                text not null default '',
  message_type        text not null default 'changes' check (message_type in ('changes', 'rows')),
  batch               boolean not null default true,
  batch_size          int not null default 1 check (batch_size between 1 and 1000),
  batch_timeout_ms    int not null default 0 check (batch_timeout_ms between 0 and 300000),
  request_timeout_ms  int not null default 30000 check (request_timeout_ms between 500 and 300000),
  max_retry_count     int check (max_retry_count >= 0),
  concurrency         int not null default 16 check (concurrency between 1 and 1000),
  rate_limit          double precision check (rate_limit > 0),
  compression         text check (compression in ('gzip')),
  max_message_bytes   int check (max_message_bytes > 0),
  status              text not null default 'active' check (status in ('active', 'paused', 'disabled')),
  -- why rowhook itself changed the status (410 Gone), null when a person did
  status_reason       text,
  -- the endpoint that operator alerts of this sink go to
  alert_endpoint_id   uuid references rowhook.endpoint on delete set null,
  -- raised by every edit; dispatchers reload a sink when it changes, the API's ETag is made of it
  version             bigint not null default 1,
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now(),
  check (batch or batch_size = 1)
);

-- A table of the user's that is captured, or whose history is kept.
-- `relid` follows renames and moves; the names are those of the last refresh, for people and for
-- finding the table again after a dump and restore.
create table rowhook.source (
  id                  int generated always as identity primary key,
  relid               regclass,
  schema_name         text not null,
  table_name          text not null,
  -- [{"attnum","name","type","type_oid","not_null"}] at the last refresh
  columns             jsonb not null default '[]',
  -- attnums of the primary key (or replica identity index) in key order; empty: none
  key_columns         int2[] not null default '{}',
  -- attnums that no stored record needs: excluded by every sink, and no retention
  omitted_columns     int2[] not null default '{}',
  -- digest of the generated code and its triggers at the last refresh; differs: refresh is due
  fingerprint         text,
  -- why the code could not be made with compiled filters, so that all verdicts are the reader's; null: it was
  fault               text,
  -- keep every change (that matches retention_parts) so long, wanted by a sink or not
  retention           interval,
  retention_filter    jsonb,
  retention_parts     jsonb,
  retention_can_raise boolean not null default false,
  -- names by attnum when the filter was saved, and the table's oid: as sink_table.column_names
  retention_names     jsonb not null default '{}',
  refreshed_at        timestamptz,
  created_at          timestamptz not null default now()
);
create unique index on rowhook.source (relid);

create table rowhook.sink_table (
  id                  int generated always as identity primary key,
  sink_id             int not null references rowhook.sink on delete cascade,
  source_id           int not null references rowhook.source,
  ordinal             int not null,
  actions             text[] not null default '{insert,update,delete}',
  -- as the user wrote it: a JSON string (SQL) or the structured form; null: everything
  filter              jsonb,
  -- compiled: [text | {"side":"row"|"new"|"old","att":n} | {"type":oid,"name":"schema.type"}]
  filter_parts        jsonb,
  filter_columns      int2[] not null default '{}',
  filter_can_raise    boolean not null default false,
  -- null: by key; empty: no order at all
  group_columns       int2[],
  exclude_columns     int2[] not null default '{}',
  unchanged           boolean not null default false,
  -- names by attnum when this row was saved, for messages about columns that are gone
  column_names        jsonb not null default '{}',
  -- why this table's changes wait (a column it names is gone …); null: they flow
  stale_reason        text,
  -- what was found when the entry was last held against the table (rowhook.fit_entries):
  --   {"of": "<digest of entry and table>", "table": "<rowhook.table_digest>", "stale": <stale_reason>},
  --   and of one that is not stale what rowhook.print_fit says
  fit                 jsonb not null default '{}',
  unique (sink_id, source_id)
);
create index on rowhook.sink_table (source_id);

-- A table that was taken out of a sink. What had been captured for the sink is still in the log: it is
-- discarded, not lost, when the sink's position comes to it (rowhook.read_tables). And what the sink
-- excluded stays hidden in what is kept. Put back, the table is an entry again and no row here.
create table rowhook.former_table (
  sink_id          int not null references rowhook.sink on delete cascade,
  source_id        int not null references rowhook.source,
  group_columns    int2[],
  exclude_columns  int2[] not null default '{}',
  left_at          timestamptz not null,
  primary key (sink_id, source_id)
);
create index on rowhook.former_table (source_id);

-- The event log ----------------------------------------------------------------------------------

create sequence rowhook.event_id_seq;

-- 1: some dispatcher polls, nobody needs waking; 2: all are asleep on LISTEN. A sequence, because
-- its value is read and set outside of every snapshot and without waiting for anybody.
create sequence rowhook.sleep_seq minvalue 1 maxvalue 2 cycle;

-- What most events have none of, so that it is null; a column of its own for each would cost every
-- statement of a writer 0.4 µs.
create type rowhook.event_extra as (
  -- sinks whose verdict is made when the event is read (rowhook.decide); null: none
  undecided    int[],
  -- parallel to event.sinks: the group before an update that changed it; null: none changed
  old_groups   text[],
  -- the key before an update that changed it
  old_pks      text[],
  -- rowhook.annotate's document as the session gave it: not trusted to be JSON.
  -- Of a row that was read (action r): the id of its backfill
  annotations  text,
  -- {"name": attnum} of the table at capture, stored where a verdict is still to be made
  shape        jsonb
);

-- Written once by the capture functions, in the user's own transaction; never updated.
create table rowhook.event (
  id           bigint not null default nextval('rowhook.event_id_seq'),
  xid          xid8 not null default pg_current_xact_id(),
  source_id    int not null,
  -- i insert, u update, d delete, t truncate, r read (a backfilled row that had to be stored).
  -- No check says so: preparing one for every statement of a writer costs 5 µs, a third of capture
  action       "char" not null,
  -- a default, for the planner pulls no subquery up that calls clock_timestamp itself: 4 µs a statement
  captured_at  timestamptz not null default clock_timestamp(),
  -- sinks (rowhook.sink.id) that want this change, in ascending order
  sinks        int[] not null,
  -- parallel to `sinks`: the group where it is not the key; null: all by key
  groups       text[],
  -- text forms of the key, in key order; '{}' where the table has none
  pks          text[] not null,
  record       json,
  changes      json,
  extra        rowhook.event_extra
) partition by range (captured_at);
create index event_source_id_id_idx on rowhook.event (source_id, id);
create table rowhook.event_default partition of rowhook.event default;

-- A point in the log: what had committed then. Read rowhook.tick's functions for the rules.
create sequence rowhook.tick_id_seq;
create table rowhook.tick (
  id        bigint primary key,
  low       bigint not null,      -- event_id_seq before `xid` was assigned
  xid       xid8 not null,        -- the tick's own transaction
  snapshot  pg_snapshot not null, -- taken after both
  high      bigint not null,      -- event_id_seq after the snapshot
  at        timestamptz not null,
  -- set on the last tick of another cluster's log after a restore: where reading goes on (rowhook.rebase)
  continues_at bigint
);

-- Delivery ---------------------------------------------------------------------------------------

-- A process that runs `rowhook start`. Fresh `beat_at`: alive. A survivor deletes the row of a dead
-- one, and with it go its leases.
create table rowhook.dispatcher (
  id            uuid primary key,
  host          text not null,
  pid           int not null,
  version       text not null,
  started_at    timestamptz not null default now(),
  beat_at       timestamptz not null default now(),
  asleep        boolean not null default false,
  draining      boolean not null default false
);

-- Somebody to whom a sink's requests go for the moment in place of its endpoint (rowhook listen). Only
-- the dispatcher that they are connected to may run the sink's streams meanwhile; with its row goes
-- this one, and with this one the detour.
create table rowhook.listener (
  sink_id        int primary key references rowhook.sink on delete cascade,
  id             uuid not null unique,
  dispatcher_id  uuid not null references rowhook.dispatcher on delete cascade,
  actor          text not null,
  since          timestamptz not null default now()
);

-- A reader of the log: the live one of a sink, or a replay's.
-- Position: every event of the window (tick_from, tick_to] with id <= last_id, and every event
-- visible at tick_from, is delivered, or stands in batch, held or discarded.
create table rowhook.stream (
  id               bigint generated always as identity primary key,
  sink_id          int not null references rowhook.sink on delete cascade,
  replay_id        uuid,          -- null: the live stream
  tick_from        bigint not null,
  tick_to          bigint not null,
  last_id          bigint not null default 0,
  -- the lease: who runs it, and the fencing token that every write of a run must name
  owner            uuid references rowhook.dispatcher on delete set null,
  token            bigint not null default 0,
  -- the last save under this token: one that was long on its way must not undo a later one
  save             bigint not null default 0,
  -- consecutive failed requests; at 5 the circuit opens until a probe succeeds
  circuit          text not null default 'closed' check (circuit in ('closed', 'open')),
  -- nothing at all gets through: nothing is tried before circuit_next_at
  circuit_blind    boolean not null default false,
  circuit_failures int not null default 0,
  circuit_probes   int not null default 0,
  circuit_next_at  timestamptz,
  delivered        bigint not null default 0,
  last_error       text,
  last_error_at    timestamptz,
  last_delivered_at timestamptz,
  updated_at       timestamptz not null default now()
);
create unique index on rowhook.stream (sink_id) where replay_id is null;
create index on rowhook.stream (owner);

-- A batch that failed, or whose first request takes long: members and id never change.
create table rowhook.batch (
  id           text primary key,          -- the webhook-id
  stream_id    bigint not null references rowhook.stream on delete cascade,
  event_ids    bigint[] not null,
  -- parallel to event_ids: failed requests that each member was part of, over splits as well
  member_failures int[] not null,
  -- union of the members' groups: no later message of these is sent before this batch is done
  groups       text[] not null,
  attempt      int not null default 1,    -- requests made, the running one included
  next_at      timestamptz,               -- null: its first request is still running
  last_error   text,
  created_at   timestamptz not null default now()
);
create index on rowhook.batch (stream_id);

-- Messages behind a frozen batch of their group, in the order in which they must go out.
create table rowhook.held (
  seq        bigint generated always as identity primary key,
  stream_id  bigint not null references rowhook.stream on delete cascade,
  event_id   bigint not null,
  groups     text[] not null,
  failures   int not null default 0
);
create index on rowhook.held (stream_id, seq);
create unique index on rowhook.held (stream_id, event_id);
-- those that wait for an edit of their sink
create index on rowhook.held (stream_id) where groups[1] like 'stale:%';

-- What will not be sent unless a person asks for it; the payload is kept here.
create table rowhook.discarded (
  sink_id       int not null references rowhook.sink on delete cascade,
  event_id      bigint not null,
  replay_id     uuid,
  groups        text[] not null,
  attempts      int not null,
  webhook_id    text,
  error         text not null,
  -- the event's row, so that its partition may go; what is user's JSON is kept as the text it was
  event         jsonb not null,
  record        json,
  changes       json,
  discarded_at  timestamptz not null default now(),
  primary key (sink_id, event_id)
);
create index on rowhook.discarded (sink_id, discarded_at);

-- Messages that a person asked to be sent again, or to be dropped: read by the stream's run.
create table rowhook.command (
  id         bigint generated always as identity primary key,
  sink_id    int not null references rowhook.sink on delete cascade,
  kind       text not null check (kind in ('redeliver', 'discard')),
  event_id   bigint not null,
  -- the state in which all messages were asked for: one that has left it meanwhile is not meant
  state      text,
  created_at timestamptz not null default now()
);
create index on rowhook.command (sink_id, id);

-- One row per HTTP request, inserted many at a time; a crash may lose its last lines.
create table rowhook.delivery (
  id               bigint generated always as identity,
  sink_id          int not null,
  replay_id        uuid,
  webhook_id       text not null,
  event_ids        bigint[] not null,
  attempt          int not null,
  at               timestamptz not null,
  ok               boolean not null,
  status           int,
  duration_ms      double precision not null,
  error            text,
  response         text,
  -- what is the same in all requests of the sink, secrets masked; the other headers follow from the columns above
  fixed_headers    json
) partition by range (at);
create index on rowhook.delivery (sink_id, id);
create table rowhook.delivery_default partition of rowhook.delivery default;

-- What a sink did in a minute, for charts: counted by the dispatchers beside the log of requests, which
-- is too long to be counted afterwards. Kept for two days. No foreign key: a sink may be deleted meanwhile.
create table rowhook.activity (
  sink_id   int not null,
  at        timestamptz not null,        -- where the minute begins
  messages  bigint not null default 0,   -- acknowledged
  requests  int not null default 0,
  failed    int not null default 0,
  -- requests by duration; what a place means is in src/deliver/latency.ts
  latency   int[] not null default '{}',
  primary key (sink_id, at)
) with (fillfactor = 70);
-- written in the order of time, so a few blocks hold the last hour of all sinks
create index on rowhook.activity using brin (at) with (pages_per_range = 16, autosummarize = on);

-- History ----------------------------------------------------------------------------------------

create table rowhook.backfill (
  id            uuid primary key default gen_random_uuid(),
  sink_id       int not null references rowhook.sink on delete cascade,
  state         text not null default 'active'
                check (state in ('active', 'paused', 'completed', 'failed', 'cancelled')),
  error         text,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  completed_at  timestamptz
);
create index on rowhook.backfill (sink_id);

create table rowhook.backfill_table (
  id              bigint generated always as identity primary key,
  backfill_id     uuid not null references rowhook.backfill on delete cascade,
  source_id       int not null references rowhook.source,
  ordinal         int not null,
  -- as asked for
  where_text      text,
  sort_column     text,
  range_start     text,
  range_end       text,
  -- compiled `where`; null with where_text set: a dispatcher has still to check it
  where_parts     jsonb,
  -- keyset position: text forms of the order columns of the last row that is done; null: none yet
  cursor          text[],
  rows_total      bigint,
  rows_done       bigint not null default 0,
  done            boolean not null default false,
  chunk_size      int not null default 1000,
  -- what rowhook.scan_plan has found out about the table
  plan            jsonb
);
create index on rowhook.backfill_table (backfill_id);

create table rowhook.replay (
  id            uuid primary key default gen_random_uuid(),
  sink_id       int not null references rowhook.sink on delete cascade,
  state         text not null default 'active'
                check (state in ('active', 'paused', 'completed', 'failed', 'cancelled')),
  error         text,
  since         timestamptz,
  until         timestamptz,
  since_id      bigint,
  until_id      bigint,
  table_name    text,
  source_ids    int[] not null default '{}',
  filter_text   text,
  -- {"<source id>": parts}; null with filter_text set: a dispatcher has still to check it
  filter_parts  jsonb,
  rows_total    bigint,
  rows_done     bigint not null default 0,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  completed_at  timestamptz
);
create index on rowhook.replay (sink_id);
alter table rowhook.stream
  add foreign key (replay_id) references rowhook.replay on delete cascade;

-- What operators are told (sink.alert_endpoint_id). A dispatcher makes a job of each within seconds; the
-- rows stay for a week, so that what repeats is not told again and again.
create table rowhook.alert (
  id         uuid primary key default gen_random_uuid(),
  sink_id    int not null references rowhook.sink on delete cascade,
  event      text not null,
  data       jsonb not null,
  at         timestamptz not null default now(),
  -- null: nobody has made a job of it yet
  queued_at  timestamptz
);
create index on rowhook.alert (sink_id, event, at);
create index on rowhook.alert (at) where queued_at is null;

-- Administration ---------------------------------------------------------------------------------

create table rowhook.token (
  id            uuid primary key default gen_random_uuid(),
  name          text not null check (name ~ '^[A-Za-z0-9_.-]{1,100}$'),
  digest        text not null unique,      -- sha256 of the token, hex
  scopes        text[] not null check (scopes <@ '{read,write,admin}' and scopes <> '{}'),
  expires_at    timestamptz,
  last_used_at  timestamptz,
  revoked_at    timestamptz,
  created_at    timestamptz not null default now()
);

create table rowhook.audit (
  id        bigint generated always as identity primary key,
  at        timestamptz not null default now(),
  actor     text not null,
  action    text not null,
  resource  text not null,
  before    jsonb,
  after     jsonb
);
create index on rowhook.audit (at);

-- Answers to POSTs that carried an Idempotency-Key, kept for a day.
create table rowhook.idempotency (
  key         text primary key,
  fingerprint text not null,
  status      int,
  headers     jsonb,
  body        text,
  created_at  timestamptz not null default now()
);

-- Settings that a person may change while everything runs.
create table rowhook.setting (
  name   text primary key,
  value  jsonb not null
);

update rowhook.installation
set table_oids = array['rowhook.event', 'rowhook.tick', 'rowhook.stream', 'rowhook.sink', 'rowhook.held']::regclass[]::oid[];
