import path from 'node:path'
import type { Host } from '../../../src/lab/hosts.io.js'
import { until } from '../../../src/lab/wait.io.js'
import { programPath } from '../../harness/programs.js'
import { assert } from '../../harness/suite.js'
import { Conversation } from './conversation.js'
import type { Program } from './program.js'

const PORT = 5_433
const PSQL = ['psql', '-X', '-A', '-t', '-q', '-p', String(PORT), '-U', 'baton', 'postgres']
const READY_MS_MAX = 10_000
const ASK_EVERY_MS = 20
const ROWS_MORE = 20
/** It refuses to be root's: nobody (Debian Policy 9.2.2). */
const [UID, GID] = [65_534, 65_534]
const AS_NOBODY = ['setpriv', `--reuid=${UID}`, `--regid=${GID}`, '--clear-groups', '--pdeathsig', 'KILL']

async function serve(on: Host, folder: string): Promise<void> {
  const home = path.join(folder, 'postgres')
  await on.run('install', '-d', '-m', '700', '-o', String(UID), '-g', String(GID), home)
  const data = path.join(home, 'data')
  const made = ['--no-sync', '--auth', 'trust', '--username', 'baton', '--encoding', 'UTF8', '--no-locale', data]
  await on.run(...AS_NOBODY, programPath('initdb'), ...made)
  await on.run('sh', '-c', `echo 'host all all all trust' >> ${data}/pg_hba.conf`)
  const settings = {
    port: PORT,
    listen_addresses: '*',
    unix_socket_directories: '',
    shared_buffers: '16MB',
    fsync: 'off',
    autovacuum: 'off',
  }
  const words = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const postgres = on.start('postgres', [...AS_NOBODY, programPath('postgres'), '-D', data, ...words])
  // It listens some time before it takes anybody in.
  const answers = () => on.run(...PSQL, '-h', '127.0.0.1', '-c', 'SELECT 1').catch(() => undefined)
  await until(answers, READY_MS_MAX, () => `PostgreSQL answers: ${postgres.tail()}`)
}

let tables = 0

/** A transaction that stays open, with rows that nobody else sees yet. */
function psql(name: string, prefix: string, isTalking: boolean): Program {
  return {
    name,
    needs: ['psql', 'initdb', 'postgres', 'install'],
    port: PORT,
    ...(isTalking ? {} : { serve }),
    open: async (scope, { client, server, address }) => {
      // Of this session alone: what earlier ones have committed stays.
      const table = `${prefix}_${tables++}`
      const psql = Conversation.start(scope, client, ...PSQL, '-h', address)
      const whoIsThere = async () => {
        const since = psql.said.length
        psql.say("SELECT 'backend', pg_backend_pid(), 'transaction', txid_current();\n")
        return (await psql.hears(/backend\|\d+\|transaction\|\d+/, since))[0]
      }
      let rows = 0
      const insert = async () => {
        psql.say(`INSERT INTO ${table} VALUES (${rows + 1}) RETURNING 'row', i;\n`)
        await psql.hears(new RegExp(`^row\\|${rows + 1}$`, 'm'))
        rows++
      }
      const begin = async () => {
        psql.say(`BEGIN; CREATE TABLE IF NOT EXISTS ${table} (i int);\n`)
        await insert()
        return whoIsThere()
      }
      let identity = await begin()
      let mayAsk = isTalking
      // One question after the other, each when the last is answered.
      const ask = async (): Promise<void> => {
        while (mayAsk) {
          await insert()
          await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
        }
      }
      let asking = ask()
      scope.defer(() => {
        mayAsk = false
      })
      asking.catch(() => {})
      const rowsSeenByOthers = async () => {
        const count = `SELECT count(*) FROM ${table}`
        return (await server.run(...PSQL, '-h', '127.0.0.1', '-c', count)).trim()
      }
      return {
        prove: async () => {
          mayAsk = false
          await asking
          for (let i = 0; i < ROWS_MORE; i++) await insert()
          assert.is(await whoIsThere(), identity, 'the same backend in the same transaction')
          psql.say('COMMIT;\n')
          assert.match(await whoIsThere(), /backend/)
          assert.is(await rowsSeenByOthers(), String(rows), 'all rows, once each')
          // And on in another one.
          identity = await begin()
          mayAsk = isTalking
          asking = ask()
          asking.catch(() => {})
        },
      }
    },
  }
}

export const psqlSilent = psql('psql in a transaction, silent', 'silent', false)
export const psqlAsking = psql('psql in a transaction, asking', 'asking', true)
