export type ReadJson =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'foreign'; readonly why: string };

/** Parses text that may come from anywhere; its depth is checked before a parser sees it, which recursion could exhaust. */
export function readJson(text: string, maxDepth = 64): ReadJson {
  if (deeperThan(text, maxDepth)) return { kind: 'foreign', why: 'it is nested too deeply' };
  try {
    return { kind: 'json', value: JSON.parse(text) };
  } catch {
    return { kind: 'foreign', why: 'it is not whole JSON' };
  }
}

/** Counts brackets outside strings, without building anything. */
function deeperThan(body: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < body.length; at += 1) {
    const code = body.charCodeAt(at);
    if (code === 0x22) at = endOfText(body, at);
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return false;
}

/** The closing quote of the text that opens here; the end of the body when there is none. */
function endOfText(body: string, opening: number): number {
  for (let from = opening + 1; ;) {
    const quote = body.indexOf('"', from);
    if (quote === -1) return body.length;
    let slashes = 0;
    while (body.charCodeAt(quote - 1 - slashes) === 0x5c) slashes += 1;
    if (slashes % 2 === 0) return quote;
    from = quote + 1;
  }
}
