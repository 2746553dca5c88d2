/** How flags are declared, and the checks that several commands share. */
import type { Command } from 'commander';
import { FtWasmError, parseAddress } from '../index.js';

/** One flag: the heading it stands under, its notation and its help. Parsing is the job of each command's options. */
export type Flag = readonly [group: string, flag: string, help: string];

/** A repeatable flag says so at the end of its help. */
const REPEATABLE = /; repeatable$/;

/** Declares flags on `command`: commander collects text, repeated text or presence. */
export function declareFlags(command: Command, flags: readonly Flag[]): Command {
  for (const [group, flag, help] of flags) {
    const option = command.createOption(flag, help).helpGroup(group);
    if (REPEATABLE.test(help)) {
      option.argParser((text: string, all: string[] | undefined) => [...(all ?? []), text]);
    }
    command.addOption(option);
  }
  return command;
}

/** Checks an address and gives its text back, which is what the library takes. */
export function checkAddress(text: string, option: string): string {
  parseAddress(text, option);
  return text;
}

/** The same for addresses separated by commas. */
export function checkAddressList(text: string, option: string): string[] {
  return text.split(',').map((item) => checkAddress(item.trim(), option));
}

export function parseChoice<T extends string>(text: string, option: string, choices: readonly T[]): T {
  const found = choices.find((candidate) => candidate === text);
  if (found !== undefined) return found;
  throw usage(`${option} '${text}': expected one of ${choices.join(', ')}`);
}

/** Applies `parse` to a flag that may not have been given. */
export function optional<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text);
}

/** Without the keys that were not given, so that the library's own defaults hold. */
export function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

export function usage(message: string): FtWasmError {
  return new FtWasmError('FTW_USAGE', message);
}

/** Variables of this process, for defaults and for `--env NAME`. */
export type Environment = Readonly<Record<string, string | undefined>>;
