-- rowhook.load_sink(sink): a sink with its endpoint and tables, as a run needs it: one document.
-- Secrets are still encrypted. Reads only.
create or replace function rowhook.load_sink(p_sink int) returns json
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select json_build_object(
    'id', s.id, 'uid', s.uid, 'name', s.name, 'path', s.path, 'status', s.status,
    'version', rowhook.run_version(s), 'message_type', s.message_type, 'batch', s.batch,
    'batch_size', s.batch_size, 'batch_timeout_ms', s.batch_timeout_ms,
    'request_timeout_ms', s.request_timeout_ms, 'max_retry_count', s.max_retry_count,
    'concurrency', s.concurrency, 'rate_limit', s.rate_limit, 'compression', s.compression,
    'max_message_bytes', s.max_message_bytes, 'alert_endpoint_id', s.alert_endpoint_id,
    'backfilling', exists (select from rowhook.backfill f where f.sink_id = s.id and f.state = 'active'),
    'database', current_database(),
    'installation', (select i.id from rowhook.installation i),
    'endpoint', (select row_to_json(e) from rowhook.endpoint e where e.id = s.endpoint_id),
    'tables', coalesce((
      select json_agg(json_build_object(
        'source_id', r.source_id, 'schema', o.schema_name, 'table', o.table_name,
        'group_columns', case when r.former then f.group_columns else t.group_columns end,
        'stale', t.stale_reason, 'former', r.former))
      from rowhook.read_tables(array[s.id]) r
      join rowhook.source o on o.id = r.source_id
      left join rowhook.sink_table t on t.sink_id = s.id and t.source_id = r.source_id
      left join rowhook.former_table f on f.sink_id = s.id and f.source_id = r.source_id), '[]'))
  from rowhook.sink s
  where s.id = p_sink
$$;
