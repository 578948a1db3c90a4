/** Fields of a definition as somebody wrote them, and how one of each form is read. What is returned for a bad field is never used. */

export interface FieldSource {
  /** `undefined`: it is not there, or was set back to its default. */
  value(field: string): unknown
  /** `problem` goes on behind the field's name; `hint` is what to write instead. */
  report(field: string, problem: string, hint: string): void
  /**
   * A person wrote it, who should hear of what contradicts itself. The registry joins what was written on two sides of a cut:
   * there a rule decides.
   */
  readonly isStrict: boolean
}

export interface WholeLimits {
  readonly min: number
  readonly max: number
  /** 0 has a meaning of its own, below `min`. */
  readonly orZero?: boolean
}

export function readWhole(
  source: FieldSource,
  field: string,
  { min, max, orZero = false }: WholeLimits,
  otherwise: number,
  unit = 'a whole number',
): number {
  const value = source.value(field) ?? otherwise
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number)) {
    if ((orZero && number === 0) || (number >= min && number <= max)) return number
  }
  source.report(field, `${shown(value)} is not possible`, `give ${unit} from ${min} to ${max}${orZero ? ', or 0' : ''}`)
  return otherwise
}

export function readChoice<T extends string>(
  source: FieldSource,
  field: string,
  choices: readonly T[],
  otherwise: T,
): T {
  const value = source.value(field) ?? otherwise
  const found = choices.find((choice) => choice === value)
  if (found === undefined) source.report(field, `${shown(value)} is not possible`, `choose ${choices.join(' or ')}`)
  return found ?? otherwise
}

/** `none` is how a command line says nothing. */
export function readText(source: FieldSource, field: string, form: RegExp, hint: string, otherwise = ''): string {
  const value = source.value(field) ?? otherwise
  if (value === '' || value === 'none') return ''
  if (typeof value === 'string' && form.test(value)) return value
  source.report(field, `${shown(value)} is not possible`, hint)
  return otherwise
}

/** A value as an operator can recognise it, cut short. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 80)}'`
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `a value of type ${typeof value}`
}
