import type { FieldError } from '@biplane/kernel';

export type SettingValue = string | number | boolean | null;

const NAME = /^[a-zA-Z](?:[-_.]?[a-zA-Z0-9]){0,62}$/;
const SETTINGS_MAX = 50;
const TEXT_LENGTH_MAX = 1_000;

/** Free words, but few, short and flat: they are shown on every page of the deployment. Or every mistake at its place. */
export function readSettings(
  value: Readonly<Record<string, unknown>>,
): { readonly settings: Record<string, SettingValue> } | { readonly mistakes: readonly FieldError[] } {
  const entries = Object.entries(value);
  if (entries.length > SETTINGS_MAX) return { mistakes: [mistake('', 'TOO_MANY', `at most ${SETTINGS_MAX} settings`)] };
  const mistakes = entries.flatMap(([name, setting]) => {
    if (!NAME.test(name)) return [mistake(`/${name.slice(0, 64)}`, 'NAME', 'a name of letters and digits is needed')];
    return isSetting(setting) ? [] : [mistake(`/${name}`, 'TYPE', 'a short text, a number or a flag is needed')];
  });
  return mistakes.length > 0 ? { mistakes } : { settings: Object.fromEntries(entries as [string, SettingValue][]) };
}

function isSetting(value: unknown): value is SettingValue {
  if (typeof value === 'string') return value.length <= TEXT_LENGTH_MAX && !value.includes('\0');
  return value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}

function mistake(path: string, code: string, detail: string): FieldError {
  return { pointer: `/settings${path}`, code, detail };
}
