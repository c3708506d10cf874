import { styleText } from 'node:util';
import type { ImportDocument } from '../actions/import.ts';

/** `line 12: domain "a_b" is …; accepted: … (invalid-input)` */
export function badLineText({ line, code, field, value, reason, accepted }: ImportDocument['bad'][number]): string {
  const mark = styleText('red', `line ${line}:`, { stream: process.stderr });
  return `${mark} ${field}${value === '' ? '' : ` "${value}"`} ${reason}; accepted: ${accepted} (${code})`;
}

export function importText(document: ImportDocument): string {
  const { counts, outcome } = document;
  const { lines, bad, services, addresses } = counts;
  const said = (count: typeof services, what: string): string =>
    `${what}: ${count.added} new, ${count.known} here already`;
  const head = {
    imported: 'imported',
    checked: 'checked; nothing was imported (dry run)',
    refused: 'nothing was imported',
  }[outcome];
  return [
    `${lines} lines, ${bad} of them bad: ${head}`,
    `${outcome === 'refused' ? 'in the good ones: ' : ''}${said(services, 'services')}; ${said(addresses, 'addresses')}`,
    ...nextOf(document),
  ].join('\n');
}

function nextOf({ file, outcome, counts, dryRun }: ImportDocument): readonly string[] {
  const command = `iptally import ${file}`;
  if (outcome === 'refused') {
    return [
      `next: correct the lines named above, or leave them out with "${command}${dryRun ? ' --dry-run' : ''} --skip-bad"`,
    ];
  }
  if (outcome === 'checked') return [`next: ${command}${counts.bad > 0 ? ' --skip-bad' : ''}`];
  return ['next: iptally sync run NAME --policy observe   (shows what differs; changes nothing)'];
}
