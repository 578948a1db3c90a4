import type { Results } from './results.js'
export function renderChart(_results: Results): string {
  return ''
}
