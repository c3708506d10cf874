import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

export interface SimUser {
  readonly name: string;
  /** Salted hash; the password itself is kept nowhere, as the state may be in a file. */
  passwordHash: string;
  /** 16 user, 29 administrator, 30 superuser. */
  readonly level: number;
}

/** Cheap on purpose: a simulator logs in often, and guards nothing. */
const cost = { N: 256 };

export function hashPassword(password: string, salt = randomBytes(8).toString('hex')): string {
  return `${salt}:${scryptSync(password, salt, 16, cost).toString('hex')}`;
}

export function passwordMatches(user: SimUser, password: string): boolean {
  const salt = user.passwordHash.split(':')[0] ?? '';
  return timingSafeEqual(Buffer.from(hashPassword(password, salt)), Buffer.from(user.passwordHash));
}

interface Session {
  readonly user: string;
  usedAt: number;
}

export interface Sessions {
  open(user: string): string;
  /** The user of a live session, which this call keeps alive. */
  userOf(id: string): string | undefined;
  /** For `auth` by key: a superior hands a browser over (documented: reference 1.3). */
  addKey(user: string, key: string): void;
  takeKey(user: string, key: string): boolean;
  loseAll(): void;
}

/** One hour from the last call (documented), settable. */
export function createSessions(idleMs: () => number): Sessions {
  const sessions = new Map<string, Session>();
  const keys = new Map<string, string>();
  return {
    open(user) {
      const id = randomBytes(12).toString('hex'); // 24 hex digits, as seen
      sessions.set(id, { user, usedAt: Date.now() });
      return id;
    },
    userOf(id) {
      const session = sessions.get(id);
      if (session === undefined) return undefined;
      if (Date.now() - session.usedAt > idleMs()) {
        sessions.delete(id);
        return undefined;
      }
      session.usedAt = Date.now();
      return session.user;
    },
    addKey: (user, key) => void keys.set(key, user),
    takeKey(user, key) {
      const known = keys.get(key) === user;
      keys.delete(key);
      return known;
    },
    loseAll: () => sessions.clear(),
  };
}
