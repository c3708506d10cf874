import { readFileSync } from 'node:fs';

/** The blocks of one kind in the part of the README that begins with this heading or these words. */
export function readmeBlocks(kind: 'sh' | 'csv', after: string): readonly string[] {
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const from = text.indexOf(after);
  if (from === -1) throw new Error(`the README does not say "${after}"`);
  const part = text.slice(from).split(/\n## /, 1)[0] ?? '';
  return [...part.matchAll(new RegExp(`^( *)\`\`\`${kind}\n(.*?)^ *\`\`\``, 'gms'))].map(
    ([, margin = '', block = '']) => block.replaceAll(new RegExp(`^${margin}`, 'gm'), ''),
  );
}
