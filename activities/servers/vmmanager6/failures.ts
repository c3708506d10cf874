import type { Failure } from '../../../workflows/domain/failure.ts';
import type { ServiceOnServer } from '../server-module.ts';
import type { Machine } from './machines.ts';
import { commentOf, vmNameOf } from './vm-name.ts';

/** What this module says in its own words; the panel's words are in `refusals.ts` and `tasks.ts`. */

export function halfMade(service: ServiceOnServer, { id, name }: Machine): Failure {
  return {
    code: 'server-half-made',
    message: `VMmanager did not finish machine ${id} (${name}) of service ${service.id}: its creation ended badly`,
    next: 'Remove the machine there (removing or abandoning the service does it too), or reinstall it there, then retry.',
    value: String(id),
  };
}

export function twice(service: ServiceOnServer, machines: readonly Machine[]): Failure {
  const ids = machines.map(({ id }) => id).join(', ');
  return {
    code: 'service-twice-on-server',
    message: `VMmanager has ${machines.length} machines of service ${service.id}: ${ids}`,
    next: 'Remove all of them there but the one to keep, then retry.',
    value: ids,
  };
}

export function nameTaken(service: ServiceOnServer): Failure {
  const name = vmNameOf(service);
  return {
    code: 'vm-name-taken',
    message: `VMmanager has a machine ${name} whose comment does not say that it is of service ${service.id}`,
    next: `If it is of this service, write "${commentOf(service)}" back into the first line of its comment, or remove it by hand; if not, rename it there. Then retry.`,
    value: name,
  };
}

export function noSuchService(service: ServiceOnServer): Failure {
  return {
    code: 'service-not-on-server',
    message: `VMmanager has no machine of service ${service.id}`,
    next: 'Set the service up first, or look whether its machine was removed or renamed by hand.',
  };
}

export const withoutId: Failure = {
  code: 'panel-answer-foreign',
  message: 'The answer to the creation names no machine',
  next: 'The machine is looked for by its name before another is made.',
};

export function notAsAsked(service: ServiceOnServer): Failure {
  return {
    code: 'server-not-as-asked',
    message: `VMmanager said that service ${service.id} is as asked, and its lists do not show it so`,
    next: 'It is looked at again; if it stays, look at the machine in VMmanager.',
  };
}

export function stillListed(ip: string): Failure {
  return {
    code: 'server-still-lists-address',
    message: `VMmanager said that ${ip} was taken off, and its list still has it`,
    next: 'It is looked at again; if it stays, take it off there by hand.',
    field: 'address',
    value: ip,
  };
}

export function withoutRecord(ip: string): Failure {
  return {
    code: 'address-not-removable',
    message: `VMmanager shows ${ip} on the machine, and has no record of it that could be removed`,
    next: 'Take it off there by hand, then retry.',
    field: 'address',
    value: ip,
  };
}
