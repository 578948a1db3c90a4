/** The few words of man(7) that our pages are made of; all text is escaped here, and nowhere else. */

export function heading(text: string): string {
  return `.SH ${roff(text.toUpperCase())}`
}

/** A term and what it means; `term` is roff already. */
export function item(term: string, says: string): string {
  return `.TP\n${term}\n${paragraph(says)}`
}

export function paragraph(text: string): string {
  return lines(roff(text))
}

/** As it is typed, a line each. */
export function typed(commands: readonly string[]): string {
  return ['.PP', '.RS 4', '.nf', ...commands.map((command) => lines(roff(command))), '.fi', '.RE'].join('\n')
}

export function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`
}

export function italic(text: string): string {
  return `\\fI${roff(text)}\\fR`
}

/** baton-up(1) */
export function page(command: string): string {
  return `\\fB${roff(pageName(command))}\\fR(1)`
}

/** service add: baton-service-add */
export function pageName(command: string): string {
  return ['baton', ...command.split(' ').filter(Boolean)].join('-')
}

/** For the middle of a line. Whatever is not ASCII goes by its number: which encoding a reader takes, nobody knows. */
export function roff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/`/g, '\\(ga')
    .replace(/'/g, '\\(aq')
    .replace(/"/g, '\\(dq')
    .replace(/~/g, '\\(ti')
    .replace(/\^/g, '\\(ha')
    .replace(
      /[^\x20-\x7e\n]/gu,
      (sign) => `\\[u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
}

/** A dot at the beginning of a line would be a request. */
function lines(escaped: string): string {
  return escaped
    .split('\n')
    .map((line) => (line.startsWith('.') ? `\\&${line}` : line))
    .join('\n')
}
