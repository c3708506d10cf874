import { z } from 'zod';

const most = 2_147_483_647;

/** Ids as VMmanager shows them in its lists; the vendor's own module for WHMCS asks for ids too (seen). */
function whole(what: string) {
  const error = `the ${what}: a whole number from 1, like 3`;
  return z.string({ error }).refine((text) => /^[1-9]\d{0,9}$/.test(text) && Number(text) <= most, { error });
}

const resources = ['ram_mib', 'cpu_number', 'hdd_mib'] as const;

/** What a server of this module may be told; strings, as `--set NAME=VALUE` gives them. */
export const vmManager6Settings = z
  .strictObject({
    cluster: whole('id of a cluster'),
    os: whole('id of an operating system'),
    /** The user who owns the machines; without it the login does. */
    account: whole('id of an account').optional(),
    preset: whole('id of a preset').optional(),
    ram_mib: whole('amount of memory in MiB').optional(),
    cpu_number: whole('number of processors').optional(),
    hdd_mib: whole('size of the disk in MiB').optional(),
    /** Without it the cluster chooses. */
    node: whole('id of a node').optional(),
    /** Sent along with further addresses. */
    ip_pool: whole('id of an address pool').optional(),
  })
  .superRefine((settings, context) => {
    const refuse = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    const all = resources.join(', ');
    const given = resources.filter((name) => settings[name] !== undefined);
    const [lacking] = resources.filter((name) => settings[name] === undefined);
    if (settings.preset !== undefined) {
      if (given.length > 0)
        refuse('preset', `a preset alone, as it decides about ${given.join(', ')}, or all of ${all} without it`);
    } else if (given.length === 0) refuse('preset', `the id of a preset, or instead of it all of ${all}`);
    else if (lacking !== undefined) refuse(lacking, `all of ${all}, or a preset instead of them`);
  });

export type Settings = Readonly<Record<string, string>>;

/** A setting as the number VMmanager wants, under its name there; nothing when it is not set. */
export function numbers(settings: Settings, ...names: readonly string[]): Readonly<Record<string, number>> {
  const set = names.filter((name) => settings[name] !== undefined);
  return Object.fromEntries(set.map((name) => [name, Number(settings[name])]));
}

export function poolOf(settings: Settings): number | undefined {
  return settings['ip_pool'] === undefined ? undefined : Number(settings['ip_pool']);
}
