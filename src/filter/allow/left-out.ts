// The built-in functions that are left out, by class, each with its reason. The classes serve two
// ends: a refusal says why, and a test holds every ordinary, non-volatile function of Postgres
// against this list and functions.ts, so that a new version's functions are decided on, not missed.

/** A class of built-in functions that filters may not call. */
export interface LeftOutClass {
  /** Completes "… is not allowed: ". */
  because: string
  names?: readonly string[]
  matches?: RegExp
}

/** The first class that fits a name gives the reason. */
export const functionsLeftOut: readonly LeftOutClass[] = [
  {
    because: 'it waits, locks, signals or logs: a filter must leave the writer and the server alone',
    matches:
      /^pg_(sleep|notify|cancel_backend|terminate_backend|reload_conf|rotate_logfile|log_|promote|switch_wal|create_restore_point|(try_)?advisory|backup|start_backup|stop_backup|wal_replay|logical_emit)/,
  },
  {
    because: 'it reads or writes files or large objects of the server',
    matches:
      /^(pg_(read_|stat_file|ls_|current_logfile|file_|hba_|ident_file|import_system|tablespace_location|relation_filepath|relation_filenode|filenode_relation)|lo_|lowrite|loread|lo$)/,
  },
  {
    because: 'it runs a query or reads whole tables: a filter sees one row and no table',
    matches:
      /^((query|table|schema|database|cursor)_to_xml|dblink|postgresql_fdw_validator|ts_stat|ts_rewrite|crosstab|satisfies_hash_partition)/,
  },
  {
    because: 'it reads or changes settings, which a writer may set at will',
    names: ['set_config', 'current_setting', 'row_security_active', 'setseed', 'get_current_ts_config'],
    matches: /^(pg_settings|pg_conf_|pg_client_encoding|getdatabaseencoding)/,
  },
  {
    because: 'it gives something else at every call, so that capture, replay and backfill would disagree',
    names: [
      'random',
      'random_normal',
      'array_sample',
      'array_shuffle',
      'gen_random_uuid',
      'uuidv4',
      'uuidv7',
      'gen_random_bytes',
      'clock_timestamp',
      'timeofday',
      'statement_timestamp',
      'transaction_timestamp',
      'setval',
      'nextval',
      'currval',
      'lastval',
      'txid_current',
      'pg_nextoid',
    ],
    matches:
      /^(uuid_generate|txid_|pg_current_(xact|snapshot|wal)|pg_snapshot|pg_visible_in|pg_xact|pg_last_)/,
  },
  {
    because: 'it tells about the session or the server, not about the row',
    names: [
      'version',
      'current_database',
      'current_catalog',
      'current_schema',
      'current_schemas',
      'current_user',
      'session_user',
      'system_user',
      'user',
      'getpgusername',
      'pg_backend_pid',
      'pg_postmaster_start_time',
      'pg_trigger_depth',
      'pg_jit_available',
      'icu_unicode_version',
      'unicode_version',
      'current_query',
      'pg_my_temp_schema',
      'pg_is_other_temp_schema',
      'pg_notification_queue_usage',
      'pg_export_snapshot',
      'pg_numa_available',
      'pg_blocking_pids',
      'pg_safe_snapshot_blocking_pids',
    ],
    matches:
      /^(inet_(client|server)_|pg_stat_|pg_is_in_|pg_is_wal|pg_get_wal|pg_control_|pg_isolation|mxid_age|pg_get_multixact|pg_mcv|pg_walfile|pg_split_walfile|pg_listening|pg_stop_making|pg_replication|pg_(create|drop|copy)_(logical|physical|replication)|pg_sync_|pg_database_size|pg_table_size|pg_(total_)?relation_size|pg_indexes_size|pg_tablespace_(size|databases)|pg_available|pg_show_|pg_timezone|pg_cursor|pg_prepared|pg_lock_status|pg_config|pg_event_trigger|pg_extension|binary_upgrade|pg_collation_actual|pg_database_collation|pg_get_publication|pg_wal_summar|pg_clear_|pg_restore_|pg_set_|pg_get_shmem|pg_get_aios|pg_nextoid|pg_stats_|pg_get_backend_memory|pg_flush_data|pg_hba|pg_node_tree|pg_wait_|pg_char_to|pg_encoding|brin_|gin_clean|amvalidate|pg_get_loaded)/,
  },
  {
    because: 'it looks something up in the catalogs, so the answer depends on objects outside the row',
    names: [
      'format_type',
      'col_description',
      'obj_description',
      'shobj_description',
      'pg_typeof',
      'enum_first',
      'enum_last',
      'enum_range',
      'parse_ident',
      'makeaclitem',
      'acldefault',
      'aclexplode',
      'aclcontains',
      'aclinsert',
      'aclremove',
      'pg_index_position',
    ],
    matches:
      /^(to_reg|has_|pg_has_|pg_get_|pg_.*_is_visible|pg_(describe|identify)_|pg_relation_is|pg_column_is|pg_(index|indexam)_|pg_opclass|pg_basetype|pg_partition_|pg_collation_for|pg_sequence|pg_ts_|pg_input_|reg[a-z]+$)/,
  },
  {
    because:
      'it depends on lc_time, lc_numeric or lc_monetary, which a writer may set; use extract, date_trunc, or a cast',
    names: ['to_char', 'to_number', 'to_date', 'cash_words'],
  },
  {
    because:
      'text search configurations and dictionaries are made by users and read files; keep a generated tsvector column and use @@',
    names: [
      'to_tsvector',
      'to_tsquery',
      'plainto_tsquery',
      'phraseto_tsquery',
      'websearch_to_tsquery',
      'json_to_tsvector',
      'jsonb_to_tsvector',
      'ts_headline',
      'ts_lexize',
      'array_to_tsvector',
      'tsquery_phrase',
      'querytree',
      'setweight',
      'ts_delete',
      'ts_filter',
      'ts_rank',
      'ts_rank_cd',
      'get_current_ts_config',
    ],
  },
  {
    because:
      'it parses or builds XML, which needs a build of Postgres with libxml and takes as long as the document likes',
    matches: /^(xml|xpath)/,
  },
  {
    because: 'conversions between encodings can be made by users, and the default ones are looked up by name',
    names: ['convert', 'convert_from', 'convert_to', 'to_ascii'],
  },
  {
    because: 'a small argument can make it fill the memory of the server',
    names: [
      'repeat',
      'lpad',
      'rpad',
      'format',
      'replace',
      'array_fill',
      'set_bit',
      'set_byte',
      'generate_series',
      'generate_subscripts',
      'regexp_replace',
      'string_agg',
      'array_agg',
      'unistr',
      'jsonb_insert',
      'jsonb_set',
      'jsonb_set_lax',
      'jsonb_pretty',
    ],
  },
  {
    because: 'on numeric it can take seconds for one row',
    names: ['power', 'pow', 'exp', 'factorial', 'erf', 'erfc', 'gamma', 'lgamma'],
  },
  {
    because: 'it gives several rows, or an array that no condition needs',
    names: [
      'unnest',
      'regexp_matches',
      'regexp_split_to_table',
      'regexp_split_to_array',
      'string_to_table',
      'array_dims',
    ],
    matches: /^jsonb?_(each|array_elements|object_keys|to_record|populate_record|path_query$|path_query_tz)/,
  },
  {
    because: 'it builds or takes apart whole rows or json documents as text; compare columns, or use jsonb',
    names: [
      'row_to_json',
      'array_to_json',
      'to_json',
      'json_build_array',
      'json_build_object',
      'json_object',
      'jsonb_object',
      'json_strip_nulls',
    ],
  },
  {
    because: 'it is an aggregate or a window function, and a filter sees one row',
    matches:
      /^(count|sum|avg|min|max|mode|bool_(and|or)|bit_(and|or|xor)|every|any_value|corr|covar_.*|stddev.*|var_.*|variance|regr_.*|percentile_.*|(cume_|percent_)?(dense_)?(rank|dist)|row_number|ntile|lag|lead|(first|last|nth)_value|range_agg|range_intersect_agg|jsonb?_(object_)?agg(_.*)?)$/,
  },
  {
    because: 'it writes SQL text, which a filter has no use for',
    matches: /^quote_/,
  },
  {
    because: 'it is a jsonpath function that depends on the time zone at its call: use the one without _tz',
    matches: /^jsonb_path_.*_tz$/,
  },
  {
    because: "it makes a shape or a number out of parts: write a literal, such as '(1,2)'::point",
    names: [
      'point',
      'box',
      'circle',
      'line',
      'lseg',
      'path',
      'polygon',
      'bound_box',
      'popen',
      'pclose',
      'isparallel',
      'isperp',
      'isvertical',
      'ishorizontal',
      'macaddr8_set7bit',
      'to_bin',
      'to_oct',
      'multirange',
      'pg_lsn',
      'unicode_assigned',
      'pg_size_bytes',
      'pg_size_pretty',
    ],
  },
  {
    because: 'it is a cast in the shape of a function: write value::type',
    names: [
      'text',
      'varchar',
      'bpchar',
      'char',
      'name',
      'int2',
      'int4',
      'int8',
      'float4',
      'float8',
      'numeric',
      'bool',
      'date',
      'time',
      'timetz',
      'timestamp',
      'timestamptz',
      'interval',
      'bit',
      'varbit',
      'inet',
      'cidr',
      'macaddr',
      'macaddr8',
      'json',
      'jsonb',
      'money',
      'oid',
      'xid',
      'xml',
      'tsvector',
      'uuid',
      'bytea',
    ],
  },
  {
    because: 'it is about how Postgres stores a value, not about the value',
    matches: /^pg_column_/,
  },
  {
    because: 'it is internal to Postgres (operators, indexes, aggregates and statistics are built on it)',
    matches:
      /(send|recv|in|out|typmodin|typmodout|_cmp|cmp|_hash|hash_extended|hash|larger|smaller|_larger|_smaller|_canonical|_subdiff|_transfn|_accum|_accum_inv|_combine|statefunc|_validator|_compress|_avg|_sum|sortsupport|equalimage|currtid2)$|(timestamp|timestamptz|date)_cmp_|^(hash|bt|float8_|int[248]|gist_|spg_|gin_|in_range|similar_|numeric_|d(exp|log1|log10|round|trunc)|like|notlike|textlen|nameconcatoid|oidvectortypes|fmgr_|tsmatch|array_(larger|smaller))/,
  },
]

/** Why a built-in function is not allowed; undefined when no class fits its name. */
export function whyLeftOut(name: string): string | undefined {
  return functionsLeftOut.find((c) => c.names?.includes(name) === true || c.matches?.test(name) === true)
    ?.because
}
