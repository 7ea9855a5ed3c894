// Runs once, before all tests: a Postgres server and the template databases that tests clone.
import type { TestProject } from 'vitest/node'
import { install } from '../../src/db/install.ts'
import { readRelease } from '../../src/db/release.ts'
import { connect } from '../../src/db/connect.ts'
import { type Major, bundledMajor } from '../../src/embedded/binaries.ts'
import { volatileSettings } from '../../src/embedded/postgres.ts'
import { ordinaryRole, templates, withDatabase } from './template.ts'
import { startServer } from './server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the run's server, as its superuser. */
    adminUrl: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const version = (process.env.ROWHOOK_TEST_PG || bundledMajor) as Major
  const { server, remove } = await startServer({ version, settings: volatileSettings })
  await makeTemplates(server.url)
  project.provide('adminUrl', server.url)
  return remove
}

/** One owned by the superuser, one by a role that may do nothing but create schemas in it. */
async function makeTemplates(adminUrl: string): Promise<void> {
  const admin = connect(adminUrl, { max: 1 })
  try {
    const { name, password } = ordinaryRole
    await admin.unsafe(`create role ${name} login password '${password}'`)
    for (const [role, template] of Object.entries(templates)) {
      await admin.unsafe(`create database ${template}`)
      const isOrdinary = role === 'ordinary'
      if (isOrdinary) await grantSchemaCreation(adminUrl, template, name)
      await install(withDatabase(adminUrl, template, isOrdinary ? ordinaryRole : undefined), readRelease())
    }
  } finally {
    await admin.end()
  }
}

/** What a host gives: the right to make schemas, and the right to make tables in `public`. */
async function grantSchemaCreation(adminUrl: string, database: string, role: string): Promise<void> {
  const admin = connect(withDatabase(adminUrl, database), { max: 1 })
  try {
    await admin.unsafe(
      `grant create on database ${database} to ${role}; grant create on schema public to ${role}`,
    )
  } finally {
    await admin.end()
  }
}
