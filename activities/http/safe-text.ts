/**
 * A panel's words as they may be shown: no control, format or escape characters, cut to a length, and nothing at all when
 * they hold one of our secrets, raw or percent-encoded: a panel may echo what it was sent (I11).
 */
export function safeText(text: string, secrets: readonly string[], limit = 200): string {
  if (secrets.some((secret) => holds(text, secret))) return '(withheld: it repeats a secret)';
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ').trim();
  const letters = Array.from(plain);
  return letters.length <= limit ? plain : `${letters.slice(0, limit).join('')}…`;
}

function holds(text: string, secret: string): boolean {
  if (secret === '') return false;
  return [secret, encodeURIComponent(secret), formEncoded(secret)].some((form) => text.includes(form));
}

function formEncoded(secret: string): string {
  return new URLSearchParams({ s: secret }).toString().slice(2);
}
