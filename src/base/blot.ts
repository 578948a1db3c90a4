/** A key of a cluster or a token, of whatever version, as it begins in any text; docs/keys.md has their form. */
const SECRETS = /\bbaton-(key|token)-\d+-[a-z2-7]+/gi

/** Keys and tokens in a text that others read, replaced by what they are: `baton-key-…`. */
export function blot(text: string): string {
  return text.replace(SECRETS, (_, kind: string) => `baton-${kind.toLowerCase()}-…`)
}
