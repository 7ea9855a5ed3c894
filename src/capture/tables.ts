// The seam between the tables that sinks name and the capture that runs inside the database. An edit of
// a sink goes: resolveTables (names and filters are checked), prepareSources (triggers are placed, each
// in a short transaction of its own), then saveTables and regenerate in the transaction that writes the
// sink. What is captured changes with that commit, because the functions are replaced in it.
export { describeTables } from './describe.ts'
export type { TableColumn, TableDescription } from './describe.ts'
export { prepareSources } from './prepare.ts'
export type { PrepareOptions } from './prepare.ts'
export { resolveTables } from './resolve.ts'
export type { ResolvedTable, TableAction, TableInput } from './resolve.ts'
export { regenerate, releaseSources, saveTables } from './save.ts'
