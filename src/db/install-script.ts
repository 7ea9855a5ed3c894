// A release as one SQL statement, which installs it, upgrades to it, or finds nothing to do.
//
// One `do` block, not a script with `begin` and `commit`: a statement is atomic under psql in
// autocommit, inside the transaction of any migration tool, and as one message through PgBouncer in
// transaction mode. `install-sql` runs the very text that `install-sql --print` writes, so there is
// one path, and a database that got the text from another tool is the same to --check.
//
// Files run through `execute`, which takes several statements and parses each when its turn comes.
// Each begins with a `-- file:` comment; Postgres quotes the statement in its errors, and that is
// how install.ts knows which file failed.
import type { Release, SqlFile } from './release.ts'
import { workerSchema } from './release.ts'

/** The advisory lock that installs and uninstalls hold: 0x726f7768, "rowh". */
export const installLock = 1_919_907_688

/** Every notice of the statement begins with this. */
export const noticePrefix = 'rowhook: '

/** SQLSTATE of "the database is newer than this code". */
const newerState = 'RH001'

/** The statement, with a comment above that says what it is. */
export function installScript(release: Release): string {
  const body = [
    settings,
    refuseOldServers,
    refuseNewerDatabases(release),
    ...workerSteps(release),
    ...migrationSteps(release),
    reapplyStep(release),
    restoreSettings,
  ].join('\n')
  return `-- rowhook ${release.version}: installs the schemas rowhook and ${workerSchema}, or upgrades them.
-- Made by: npx install-sql --print. It is one statement, may be applied any number of times, and
-- runs inside or outside of a transaction.
do ${quote(
    `
declare
  v_lock_timeout  text := current_setting('lock_timeout');
  v_search_path   text := current_setting('search_path');
  v_applied       text;
begin
${body}
end
`,
    'rowhook_install',
  )};
`
}

// The first wait is for other installs, which take a second each. After that, waiting long for a
// lock on a table of the log would make writers queue up behind us.
const settings = `
  perform set_config('search_path', 'pg_catalog, pg_temp', true);
  perform set_config('lock_timeout', '120s', true);
  perform pg_advisory_xact_lock(${installLock});
  perform set_config('lock_timeout', '2s', true);`

const restoreSettings = `
  perform set_config('lock_timeout', v_lock_timeout, true);
  perform set_config('search_path', v_search_path, true);`

const refuseOldServers = `
  if current_setting('server_version_num')::int < 140000 then
    raise exception using
      errcode = '0A000',
      message = 'rowhook needs Postgres 14 or newer, and this server is ' || current_setting('server_version');
  end if;`

function refuseNewerDatabases({ version, migrations, workerMigrations }: Release): string {
  const refuse = (what: string) => `
      raise exception using
        errcode = '${newerState}',
        message = ${what},
        hint = 'install with the newer rowhook';`
  return `
  if to_regclass('rowhook.migration') is not null then
    if exists (select from rowhook.migration where id > ${migrations.length}) then${refuse(
      `'the SQL in this database is newer than rowhook ${version}'`,
    )}
    end if;
    select i.version into v_applied from rowhook.installation i;
    if ${versionArray(`v_applied`)} > ${versionArray(literal(version))} then${refuse(
      `'the SQL in this database is of rowhook ' || v_applied || ', which is newer than ${version}'`,
    )}
    end if;
  end if;
  if to_regclass('${workerSchema}.migrations') is not null then
    if exists (select from ${workerSchema}.migrations where id > ${workerMigrations.length}) then${refuse(
      `'the schema ${workerSchema} is newer than the Graphile Worker of rowhook ${version}'`,
    )}
    end if;
  end if;`
}

/** `0.10.2-rc.1` compares as {0,10,2}; an empty version, of a fresh installation, as nothing at all. */
function versionArray(expression: string): string {
  return `string_to_array(split_part(coalesce(${expression}, ''), '-', 1), '.')::int[]`
}

function workerSteps({ workerMigrations }: Release): string[] {
  const bootstrap = `
  if to_regclass('${workerSchema}.migrations') is null then
    create schema ${workerSchema};
    create table ${workerSchema}.migrations (
      id int primary key,
      ts timestamptz default now() not null,
      breaking boolean not null default false
    );
  end if;`
  return [
    bootstrap,
    ...workerMigrations.map(
      (file) => `
  if not exists (select from ${workerSchema}.migrations where id = ${file.id}) then
    ${execute(file)}
    insert into ${workerSchema}.migrations (id, breaking) values (${file.id}, ${file.breaking});
    -- Workers that run an older version listen for this, and stop when the change breaks them.
    perform pg_notify('worker:migrate', '{"migrationNumber":${file.id},"breaking":${file.breaking}}');
  end if;`,
    ),
  ]
}

function migrationSteps({ migrations }: Release): string[] {
  return migrations.map(
    (file) => `
  v_applied := null;
  if to_regclass('rowhook.migration') is not null then
    select m.checksum into v_applied from rowhook.migration m where m.id = ${file.id};
  end if;
  if v_applied is null then
    ${execute(file)}
    insert into rowhook.migration (id, name, checksum)
    values (${file.id}, ${literal(file.name)}, ${literal(file.checksum)});
    raise notice '${noticePrefix}applied ${file.name}';
  elsif v_applied <> ${literal(file.checksum)} then
    raise exception using
      message = ${literal(`${file.name} is not the file that was applied to this database`)},
      hint = 'use the rowhook that installed it, or uninstall first (its data with it)';
  end if;`,
  )
}

// Roles are the cluster's, and dumps are often restored without grants; or somebody made the roles that an
// installer without the right to could not make. Either way the next install mends it.
const grantsAreDue = `exists (
       select from unnest(array['rowhook_reader', 'rowhook_operator', 'rowhook_admin']) wanted(name)
       left join pg_roles r on r.rolname = wanted.name
       where case when r.oid is null
         then (select m.rolsuper or m.rolcreaterole from pg_roles m where m.rolname = current_user)
         else not has_table_privilege(r.oid, to_regclass('rowhook.status')::oid, 'select') end)`

function reapplyStep({ version, reapplied, reappliedChecksum }: Release): string {
  return `
  if exists (select from rowhook.installation i
             where i.functions_checksum is distinct from ${literal(reappliedChecksum)}
                or i.version is distinct from ${literal(version)})
     or ${grantsAreDue} then
${reapplied.map((file) => `    ${execute(file)}`).join('\n')}
    update rowhook.installation set
      version = ${literal(version)},
      functions_checksum = ${literal(reappliedChecksum)},
      updated_at = now();
    raise notice '${noticePrefix}applied the functions of ${version}';
  end if;`
}

function execute({ name, text }: SqlFile): string {
  return `execute ${quote(`-- file: ${name}\n${text}`, 'rowhook_file')};`
}

/** Dollar quotes with a tag that the text does not hold. */
function quote(text: string, tag: string): string {
  let free = tag
  for (let n = 1; text.includes(`$${free}$`); n += 1) free = `${tag}_${n}`
  return `$${free}$${text}$${free}$`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
