/** `name=eth0,bridge=vmbr0,ip=192.0.2.10/24` in its order; a part without `=` keeps an empty value. */
export type Properties = ReadonlyMap<string, string>;

export function parseProperties(text: string): Properties {
  const parts = text.split(',').filter((part) => part !== '');
  return new Map(
    parts.map((part) => {
      const at = part.indexOf('=');
      return at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
    }),
  );
}

export function printProperties(properties: Properties): string {
  return [...properties].map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join(',');
}
