import { element, group, type SimNode } from './node.ts';

/** A panel's refusal: what the error document is made of. */
export class SimError extends Error {
  readonly type: string;
  readonly object: string;
  readonly value: string;

  constructor(type: string, object: string, value = '') {
    super(`${type} ${object}`);
    this.type = type;
    this.object = object;
    this.value = value;
  }
}

/** Words by type, in the two languages the tests ask for: a client that decides on words is found out. */
const words: Readonly<Record<string, readonly [en: string, ru: string]>> = {
  auth: ['Invalid username or password', 'Неверное имя пользователя или пароль'],
  access: ['Insufficient permission', 'Недостаточно прав'],
  missed: ['The object is not found', 'Объект не найден'],
  exists: ['The object already exists', 'Объект уже существует'],
  value: ['The field has an invalid value', 'Поле имеет недопустимое значение'],
  limit: ['There is nothing left to give', 'Свободных адресов не осталось'],
};

/** Version 4 knows numbers only (documented: reference/ispsystem-protocol.md 1.6). */
const numbers: Readonly<Record<string, string>> = {
  exists: '2',
  missed: '3',
  value: '4',
  limit: '5',
  access: '6',
  auth: '6',
};

export function errorDocument(error: SimError, lang: string, version: 4 | 5): readonly SimNode[] {
  const [en, ru] = words[error.type] ?? [`Error: ${error.type}`, `Ошибка: ${error.type}`];
  const text = lang === 'ru' ? ru : en;
  if (version === 4) {
    if (error.type === 'auth') return [element('authfail')];
    const code = numbers[error.type];
    if (code === undefined) return [element('error', text, { code: '1' })];
    const about = error.type === 'value' || error.type === 'limit' ? { val: error.value } : { obj: error.object };
    return [element('error', '', { code, ...about })];
  }
  const value = error.value === '' ? [] : [element('param', error.value, { name: 'value' })];
  const inside = [
    element('param', error.object, { name: 'object', type: 'msg' }),
    ...value,
    element('detail', text),
    element('msg', text),
  ];
  return [group('error', inside, { type: error.type, object: error.object, lang, code: '1' })];
}
