/** Settings of a file as the flags of `baton up`: those that were typed go before them. */
import { LOG_LEVELS } from '../base/log.js'
import { CIPHERS, ENGINES, LOG_FORMATS, PROFILES } from '../node/config-schema.js'
import type { ConfigFile } from './config-file.js'

/** Only what the file gives and nobody typed. Its texts were checked when it was read. */
export function flagsOfFile({ settings }: Pick<ConfigFile, 'settings'>, isTyped: (flag: string) => boolean) {
  const untyped = Object.fromEntries(
    Object.entries(settings).filter(([setting]) => !isTyped(setting)),
  ) as typeof settings
  const { state, bind, seed, bootstrap, discovery, profile, 'log-format': logFormat, 'log-level': logLevel } = untyped
  return {
    ...given('state', state?.[0]),
    ...given('bind', bind?.[0]),
    ...given('gossip-port', wholeNumber(untyped['gossip-port'])),
    ...given('control-port', wholeNumber(untyped['control-port'])),
    ...given('data-port', wholeNumber(untyped['data-port'])),
    ...given('seed', seed === undefined ? undefined : [...seed]),
    ...given('bootstrap', bootstrap === undefined ? undefined : [...bootstrap]),
    ...given('discovery', discovery?.join(',')),
    ...given('profile', oneOf(PROFILES, profile)),
    ...given('priority', wholeNumber(untyped.priority)),
    ...given('engine', oneOf(ENGINES, untyped.engine)),
    ...given('cipher', oneOf(CIPHERS, untyped.cipher)),
    ...given('listener-user', untyped['listener-user']?.[0]),
    ...given('control-read-group', untyped['control-read-group']?.[0]),
    ...given('control-write-group', untyped['control-write-group']?.[0]),
    ...given('lanes', wholeNumber(untyped.lanes)),
    ...given('log-format', oneOf(LOG_FORMATS, logFormat)),
    ...given('access-log', untyped['access-log']?.[0]),
    ...given('page', untyped['page']?.[0]),
    ...given('log-level', oneOf(LOG_LEVELS, logLevel)),
  }
}

function given<S extends string, V>(setting: S, value: V | undefined): { [K in S]?: V } {
  return value === undefined ? {} : ({ [setting]: value } as { [K in S]: V })
}

function wholeNumber(texts: readonly string[] | undefined): number | undefined {
  return texts === undefined ? undefined : Number(texts[0])
}

function oneOf<Choice extends string>(
  choices: readonly Choice[],
  texts: readonly string[] | undefined,
): Choice | undefined {
  return choices.find((choice) => choice === texts?.[0])
}
