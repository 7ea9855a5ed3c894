// The soak's writers. Each transaction notes what it did in a ledger of its own in the same
// transaction: whatever committed stands there, and nothing else, even when a connection broke in the
// middle of a commit.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql, TransactionSql } from 'postgres'
import type { Random } from './random.ts'

export interface Writers {
  failed: string[]
  transactions: number
  stop(): Promise<void>
}

/** SQLSTATE classes and codes of a database that went away: not the fault of a capture. */
const away = /^(57P0[123]|08...|CONNECTION_|CONNECT_TIMEOUT|ECONN|EPIPE|53300)/

/** Makes the tables. */
export async function prepareTables(sql: Sql): Promise<void> {
  await sql.unsafe(`
    create sequence step;  -- every state of a row has a number of its own
    create table item (id int primary key, n int not null default nextval('step'), v text, extra int);
    -- one whose rows move between partitions
    create table piece (id int, part int, n int not null default nextval('step'), v text, primary key (id, part))
      partition by list (part);
    create table piece_0 partition of piece for values in (0);
    create table piece_1 (n int not null default nextval('step'), v text, part int not null, id int not null);
    alter table piece attach partition piece_1 for values in (1);
    create table piece_rest partition of piece default;
    create table ledger (seq bigserial primary key, id int not null, n int not null, op text not null)`)
}

/** Rows of `piece` have ids from here on. */
export const pieces = 100_000

/** Starts so many writers; they go on until stopped. */
export function startWriters(sql: Sql, random: Random, count: number): Writers {
  let stopped = false
  const self: Writers = {
    failed: [],
    transactions: 0,
    async stop() {
      stopped = true
      await Promise.all(loops)
    },
  }

  async function once(): Promise<void> {
    await sql.begin(async (tx) => {
      for (let i = random.between(1, 3); i > 0; i--) {
        const id = random.between(1, 400)
        const undo = random.chance(0.1)
        if (undo) await tx`savepoint s`
        const ops = [
          'insert',
          'insert',
          'update',
          'update',
          'update',
          'update',
          'many',
          'delete',
          'piece',
          'piece',
        ]
        switch (random.pick(ops)) {
          case 'piece':
            await writePiece(tx)
            break
          case 'insert':
            await tx`
              with w as (
                insert into item (id, v) values (${id}, 'i')
                on conflict (id) do update set n = nextval('step') returning id, n)
              insert into ledger (id, n, op) select id, n, 'write' from w`
            break
          case 'update':
            await tx`
              with w as (update item set n = nextval('step'), v = ${'v'.repeat(random.between(1, 50))} where id = ${id} returning id, n)
              insert into ledger (id, n, op) select id, n, 'write' from w`
            break
          case 'many':
            await tx`
              with locked as (select id from item where id between ${id} and ${id + 20} order by id for update),
                w as (update item set n = nextval('step') from locked where item.id = locked.id returning item.id, n)
              insert into ledger (id, n, op) select id, n, 'write' from w`
            break
          case 'delete':
            await tx`
              with w as (delete from item where id = ${id} returning id, n)
              insert into ledger (id, n, op) select id, n, 'delete' from w`
        }
        if (undo) await tx`rollback to savepoint s`
        if (random.chance(0.02)) await sleep(random.between(10, 500))
      }
    })
    self.transactions++
  }

  /** By merge where it can be, which moves rows to other partitions out of sight of triggers for updates. */
  async function writePiece(tx: TransactionSql): Promise<void> {
    const id = pieces + random.between(1, 100)
    const part = random.between(0, 3)
    await tx`select pg_advisory_xact_lock(${id})` // a merge does not keep two from inserting the same row
    const merge = `merge into piece p using (values (${id})) v(id) on p.id = v.id
      when matched then update set part = ${part}, n = nextval('step')`
    const write = random.pick([
      merge,
      `${merge} when not matched then insert (id, part) values (v.id, ${part})`,
      `${merge} when not matched then insert (id, part) values (v.id, ${part})`,
      `update piece p set part = ${part}, n = nextval('step') where id = ${id}`,
      `delete from piece p where id = ${id}`,
    ])
    const op = write.startsWith('delete') ? 'delete' : 'write'
    await tx.unsafe(
      `with w as (${write} returning p.id, p.n) insert into ledger (id, n, op) select id, n, '${op}' from w`,
    )
  }

  async function loop(): Promise<void> {
    while (!stopped) {
      try {
        await once()
      } catch (error) {
        const { code = '', message } = error as { code?: string; message: string }
        // rows are locked in any order on purpose
        if (code === '40P01') continue
        if (!away.test(code)) self.failed.push(`${code} ${message}`)
        await sleep(200)
      }
      await sleep(random.between(0, 20))
    }
  }
  const loops = Array.from({ length: count }, loop)
  return self
}
