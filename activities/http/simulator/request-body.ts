import type { IncomingMessage } from 'node:http';

/** More than any request of ours; whoever sends more is cut off. */
const maxBytes = 1024 * 1024;

/** The whole body of a request, as text. */
export async function bodyText(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of incoming) {
    const bytes = Buffer.from(part);
    length += bytes.length;
    if (length > maxBytes) throw new Error('body too large');
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}
