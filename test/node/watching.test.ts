/** The alert rules and the board name what the node measures, and each alert has its page in docs/alerts. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { exposition } from '../../src/node/seeing/exposition.js'
import { metricsOf } from '../../src/node/seeing/metrics.js'
import { programPath } from '../harness/programs.js'
import { assert, suite } from '../harness/suite.js'
import { FACTS } from './metrics-facts.js'

const test = suite('node/watching', 10_000)
const run = promisify(execFile)
const read = (file: string) => readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8')
const RULES = fileURLToPath(new URL('../../docs/alerts/baton.rules.yml', import.meta.url))

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly for?: string
  readonly annotations: { readonly summary: string; readonly runbook_url: string }
}

const rules: readonly Rule[] = parse(readFileSync(RULES, 'utf8')).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
)
const metrics = new Map(metricsOf(FACTS).map((metric) => [metric.name, metric]))

/** Each metric that an expression names, with the labels that it asks for in braces. */
function namedIn(expr: string): { readonly name: string; readonly labels: string[] }[] {
  return [...expr.matchAll(/\b(baton_[a-z_]+)(?:\{([^}]*)\})?/g)].map(([, name = '', braces = '']) => ({
    name,
    labels: [...braces.matchAll(/([a-z_]+) *[=!]/g)].map(([, label]) => label ?? ''),
  }))
}

/** What a scrape adds. */
const OF_SCRAPE = new Set(['instance', 'job'])

function problemsOf(expr: string): string[] {
  return namedIn(expr).flatMap(({ name, labels }) => {
    const metric = metrics.get(name)
    if (metric === undefined) return `${name} is measured by no node`
    const known = new Set(metric.samples.flatMap((sample) => Object.keys(sample.labels ?? {})))
    const isTold = metric.samples.length > 0
    return labels
      .filter((label) => isTold && !known.has(label) && !OF_SCRAPE.has(label))
      .map((label) => `${name} has no label ${label}`)
  })
}

test('each metric of the rules is measured, and what is wrong is seen', () => {
  for (const { alert, expr } of rules) assert.equal(problemsOf(expr), [], alert)
  assert.equal(problemsOf('baton_lease_terms > 1 or baton_lease_term{services="web"} == 0'), [
    'baton_lease_terms is measured by no node',
    'baton_lease_term has no label services',
  ])
})

const SECTIONS = ['What it means', 'What clients see', 'How to look', 'What to do', 'When it is harmless']

function pageProblems({ alert, labels, annotations, for: after = 'the first sign' }: Rule, text: string): string[] {
  const sections = [...text.matchAll(/^## (.*)\n+([^#]*)/gm)]
  const names = [...text.matchAll(/\bbaton_[a-z_]+\b(?!_)/g)].map(([name]) => name)
  return [
    ...(annotations.runbook_url === `docs/alerts/${alert}.md` ? [] : [`the rule points to ${annotations.runbook_url}`]),
    ...(text.startsWith(`# ${alert}\n\n*${labels.severity}*, after ${after}. `)
      ? []
      : ['another severity or time than the rule']),
    ...SECTIONS.filter((section, i) => sections[i]?.[1] !== section || sections[i]?.[2] === '').map(
      (section) => `no ${section}`,
    ),
    ...(/^```sh$/m.test(text) ? [] : ['nothing to type']),
    ...names
      .filter((name) => ![...metrics.keys()].some((metric) => metric.startsWith(name)))
      .map((name) => `${name} is measured by no node`),
  ]
}

test('each alert has a page that says what to do, no page is of none, and what is wrong is seen', () => {
  const folder = new URL('../../docs/alerts/', import.meta.url)
  const pages = readdirSync(folder).filter((file) => file.startsWith('Baton'))
  assert.equal(pages.sort(), rules.map(({ alert }) => `${alert}.md`).sort())
  const index = [...read('alerts/README.md').matchAll(/^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \|/gm)]
  assert.equal(
    index.map(([, name, file, severity]) => [name, file, severity]),
    rules.map(({ alert, labels }) => [alert, alert, labels.severity]),
    'in the order of the rules',
  )
  for (const rule of rules) {
    assert.equal(pageProblems(rule, read(`alerts/${rule.alert}.md`)), [], rule.alert)
    assert.ok(['critical', 'warning', 'info'].includes(rule.labels.severity), rule.alert)
  }
  const [first] = rules
  if (first === undefined) throw new Error('no rules')
  const bad = read(`alerts/${first.alert}.md`)
    .replace('after 1m', 'after 9m')
    .replace('## How to look', '## Look at baton_nothing')
  assert.equal(pageProblems(first, bad), [
    'another severity or time than the rule',
    'no How to look',
    'baton_nothing is measured by no node',
  ])
})

test('each event that a page of alerts or the guide looks for is one of the log', () => {
  const known = new Set([...read('events.md').matchAll(/`([a-z.-]+)`/g)].map(([, name]) => name))
  const pages = ['operating.md', ...rules.map(({ alert }) => `alerts/${alert}.md`)]
  const lost = (text: string) => {
    const asked = [...text.matchAll(/\.event (?:== "|\| startswith\(")([a-z.-]+)"/g)].map(([, name = '']) => name)
    return asked.filter((name) =>
      name.endsWith('-') ? ![...known].some((one) => one?.startsWith(name)) : !known.has(name),
    )
  }
  for (const page of pages) assert.equal(lost(read(page).replaceAll('startswith("access-log")', '')), [], page)
  assert.equal(lost('jq \'select(.event == "lease-gone" or .event == "lease-lost")\''), ['lease-gone'])
})

test('each metric of the board is measured, and no two panels lie on each other', () => {
  const board = JSON.parse(read('grafana/baton.json'))
  const targets = board.panels.flatMap((panel: { targets?: { expr: string }[] }) => panel.targets ?? [])
  assert.ok(targets.length > 25)
  for (const { expr } of targets) assert.equal(problemsOf(expr), [], expr)
  for (const { query } of board.templating.list) {
    if (typeof query === 'object') assert.equal(problemsOf(query.query), [], query.query)
  }
  const taken = new Set<string>()
  for (const { id, gridPos } of board.panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.not(taken.has(`${x} ${y}`), `panel ${id} at ${x} ${y}`)
        taken.add(`${x} ${y}`)
      }
    }
    assert.ok(gridPos.x + gridPos.w <= 24)
  }
})

test(
  'promtool finds nothing wrong with names, units and help, nor with the rules, and sees them fire',
  async (scope) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-rules-'))
    scope.defer(() => rmSync(folder, { recursive: true, force: true }))
    const promtool = programPath('promtool')
    const linted = run(promtool, ['check', 'metrics'])
    linted.child.stdin?.end(exposition(metricsOf(FACTS)))
    assert.is((await linted).stderr.trim(), '')
    await run(promtool, ['check', 'rules', RULES])
    const cases = path.join(folder, 'baton.rules.test.yml')
    const text = readFileSync(new URL('baton.rules.test.yml', import.meta.url), 'utf8')
    writeFileSync(cases, text.replace('RULES', JSON.stringify(RULES)))
    await run(promtool, ['test', 'rules', cases])
  },
  { needs: ['promtool'] },
)

test.run()
