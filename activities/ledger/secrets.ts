import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Failure } from '../../workflows/domain/failure.ts';

/** A secret or a key that cannot be used. Its words name files, places and key ids, never what is in them (I11). */
export class SecretError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'SecretError';
    this.failure = failure;
  }
}

/** Seals and opens secrets with AES-256-GCM. */
export interface SecretBox {
  /** `place` names row and column (`integration/<name>/password`): the text opens nowhere else. */
  seal(place: string, secret: string): string;
  open(place: string, sealed: string): string;
}

interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

const accepted = 'one key of 32 bytes a line, as base64 or hex, or a file of exactly 32 raw bytes';

/**
 * Reads the master keys of a file. The first one seals; all of them open, each by its id, so that a new key is put
 * first and the old one stays below until everything is sealed anew.
 */
export function secretBoxOf(file: string, warn: (text: string) => void = () => undefined): SecretBox {
  const keys = keysIn(file, readKeyFile(file, warn));
  const sealing = keys[0];
  if (sealing === undefined) throw badKeyFile(file, 'holds no key');
  const byId = new Map(keys.map((key) => [key.id, key]));
  return {
    seal: (place, secret) => seal(sealing, place, secret),
    open: (place, sealed) => open(byId, place, sealed),
  };
}

/** The same, its keys read at the first secret: who only reads what is no secret needs no key. */
export function secretBoxWhenNeeded(box: () => SecretBox): SecretBox {
  let opened: SecretBox | undefined;
  const at = (): SecretBox => (opened ??= box());
  return {
    seal: (place, secret) => at().seal(place, secret),
    open: (place, sealed) => at().open(place, sealed),
  };
}

function seal(key: Key, place: string, secret: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, iv);
  cipher.setAAD(boundTo(key.id, place));
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return ['v1', key.id, ...[iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
}

function open(keys: ReadonlyMap<string, Key>, place: string, sealed: string): string {
  const [version, keyId = '', iv = '', text = '', tag = '', ...more] = sealed.split('.');
  if (version !== 'v1' || tag === '' || more.length > 0) throw notOpened(place, 'it is not a sealed secret of ours');
  const key = keys.get(keyId);
  if (key === undefined)
    throw notOpened(place, `it was sealed with the master key ${safeId(keyId)}, which is not in the key file`);
  try {
    const [ivBytes, tagBytes] = [Buffer.from(iv, 'base64url'), Buffer.from(tag, 'base64url')];
    // Shorter tags would verify too, and be easier to guess.
    if (ivBytes.length !== 12 || tagBytes.length !== 16) throw new RangeError('cut');
    const decipher = createDecipheriv('aes-256-gcm', key.bytes, ivBytes, { authTagLength: 16 });
    decipher.setAAD(boundTo(keyId, place));
    decipher.setAuthTag(tagBytes);
    return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
  } catch {
    throw notOpened(place, 'it was cut or changed, or it belongs to another row');
  }
}

/** Additional data: a ciphertext that is moved to another row or column does not open there. */
function boundTo(keyId: string, place: string): Buffer {
  return Buffer.from(`${keyId}|${place}`, 'utf8');
}

function readKeyFile(file: string, warn: (text: string) => void): Buffer {
  try {
    const bytes = readFileSync(file);
    const mode = statSync(file).mode & 0o077;
    if (mode !== 0) {
      warn(
        `The master key file ${file} can be read by others than its owner: set its mode to 0600 (chmod 600 ${file}).`,
      );
    }
    return bytes;
  } catch (error) {
    throw badKeyFile(file, `cannot be read (${systemCode(error)})`);
  }
}

function systemCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'no code';
}

function keysIn(file: string, content: Buffer): readonly Key[] {
  // Lines first: 32 random bytes are hardly ever a line of text, but a short line of text may be 32 bytes long.
  const lines = content
    .toString('utf8')
    .split(/\r?\n/)
    .map((line) => line.trim());
  const texts = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const decoded = texts.map(keyBytes);
  if (decoded.every((bytes) => bytes !== undefined) && decoded.length > 0) return decoded.map(named);
  if (content.length === 32) return [named(content)];
  const at = decoded.indexOf(undefined) + 1;
  throw badKeyFile(file, texts.length === 0 ? 'is empty' : `has no key of 32 bytes on its line ${at}`);
}

function keyBytes(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 32 ? bytes : undefined;
}

/** The id names a key without telling anything of it. */
function named(bytes: Buffer): Key {
  return { id: createHash('sha256').update('iptally master key id').update(bytes).digest('hex').slice(0, 8), bytes };
}

/** A key id read from a damaged text may be anything. */
function safeId(text: string): string {
  return /^[0-9a-f]{8}$/.test(text) ? text : '(unreadable)';
}

function badKeyFile(file: string, seen: string): SecretError {
  return new SecretError({
    code: 'master-key-unusable',
    message: `The master key file ${file} ${seen}.`,
    field: 'IPTALLY_MASTER_KEY_FILE',
    value: file,
    accepted,
    next: 'Point IPTALLY_MASTER_KEY_FILE to the key file the secrets were sealed with; for a new installation make one with "openssl rand -base64 32" and mode 0600.',
  });
}

function notOpened(place: string, why: string): SecretError {
  return new SecretError({
    code: 'secret-not-opened',
    message: `The secret of ${place} cannot be opened: ${why}.`,
    value: place,
    next: 'Use the master key file it was sealed with, or set this password again ("integration edit", "server edit").',
  });
}
