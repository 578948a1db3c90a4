/** What one service asks and others make impossible. A node refuses to write it; two sides of a cut may have written it all the same. */
import type { Service } from './service.js'
import { namesIn } from './service-hosting.js'

export interface Contradiction {
  readonly field: 'requires' | 'outward'
  /** Goes on behind the field's name. */
  readonly problem: string
  readonly hint: string
}

/** `others` may have the service itself among them, as it was before. */
export function contradictionsAmong(service: Service, others: readonly Service[]): readonly Contradiction[] {
  const found: Contradiction[] = []
  const circle = circleOf(service, others)
  if (circle !== undefined) {
    const problem = `goes in a circle, ${circle.join(' → ')}: none of them would ever start`
    found.push({ field: 'requires', problem, hint: 'leave one of them out' })
  }
  const taken =
    service.outward === 0
      ? undefined
      : others.find(({ name, outward }) => name !== service.name && outward === service.outward)
  if (taken !== undefined) {
    const problem = `${service.outward} is the port of service ${taken.name} already: nobody could say whose address is meant`
    found.push({ field: 'outward', problem, hint: 'choose another port' })
  }
  return found
}

/** From the service back to itself; `undefined`: what it requires, and what that requires, has an end. */
function circleOf(service: Service, others: readonly Service[]): readonly string[] | undefined {
  if (service.requires === '') return undefined
  const required = new Map(others.map((other) => [other.name, namesIn(other.requires)]))
  const seen = new Set<string>()
  const paths = namesIn(service.requires).map((name) => [service.name, name])
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    const last = path.at(-1) ?? ''
    if (last === service.name) return path
    if (seen.has(last)) continue
    seen.add(last)
    for (const next of required.get(last) ?? []) paths.push([...path, next])
  }
  return undefined
}
