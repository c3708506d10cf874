import type { Failure } from '../../../workflows/domain/failure.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import type { ServiceOnServer } from '../server-module.ts';
import type { Machine } from './machine-panel.ts';

/** Refusals of our own, in one place: the panel's words come from the panel. */

export function addressUsed(ip: string, by: string): Failure {
  return {
    code: 'address-used-on-server',
    message: `${ip} is in use on the server already${by === '' ? '' : `, by ${by}`}`,
    next: 'Take it off there, or let the address be marked as in conflict and order again.',
    field: 'address',
    value: ip,
  };
}

export function noMachine(noun: string, service: ServiceOnServer): Failure {
  return {
    code: 'service-not-on-server',
    message: `The server has no ${noun} of service ${service.id}`,
    next: `Set the service up first, or look whether its ${noun} was removed by hand.`,
  };
}

export function needsAddress(noun: string): Failure {
  return {
    code: 'server-needs-address',
    message: `A ${noun} is not made without an address: the server would choose one of its own`,
    next: 'Order the service under a tariff with at least one address.',
  };
}

export function halfMade(noun: string, machine: Machine, words: string): Failure {
  return {
    code: 'server-half-made',
    message: `The ${noun} ${machine.id} (${machine.name}) was made and its installation failed: ${words}`,
    next: `Install its system again in the panel and retry, or abandon the service, which removes the ${noun}.`,
    value: machine.name,
  };
}

export function taskFailed(noun: string, name: string, words: string): Failure {
  return {
    code: 'server-task-failed',
    message: `The server did not finish the ${noun} ${name}: ${words}`,
    next: `Look at the ${noun} in the panel; the next try finds what is there.`,
    value: name,
  };
}

export function unlikeAsked(what: string): Failure {
  return {
    code: 'server-not-as-asked',
    message: `The server said that ${what}, and its lists do not show it so`,
    next: 'It is looked at again; if it stays, look at the panel.',
  };
}

export function gaveAnother(ip: string, other: string): Failure {
  return {
    code: 'server-gave-another',
    message: `The server put ${other} on the service instead of ${ip}; it was taken off again`,
    next: 'The panel chooses addresses by itself: let it take the address that is named, or set the service up by hand.',
    field: 'address',
    value: ip,
  };
}

export function mainStays(noun: string, ip: string): Failure {
  return {
    code: 'main-address-stays',
    message: `${ip} is the only address of its ${noun}, and the ${noun} is known by it: it cannot be taken off`,
    next: 'Give the service another address first, or remove the service.',
    field: 'address',
    value: ip,
  };
}

export function notOnPanel(setting: string, value: string): Failure {
  return {
    code: 'setting-not-on-server',
    message: `The server has no ${setting} named "${value}"`,
    next: `Make it there, or change the server's setting "${setting}".`,
    field: setting,
    value,
  };
}

/** Nothing is decided between two that claim to be the same service. */
export function severalOf(noun: string, service: ServiceOnServer, machines: readonly Machine[]): PanelReadError {
  const ids = machines.map(({ id }) => id).join(', ');
  return new PanelReadError(
    {
      code: 'server-has-several',
      message: `The server has several ${noun}s of service ${service.id}: ${ids}`,
      next: 'Rename or remove all but one of them there.',
      value: ids,
    },
    { retryable: false, said: 'several' },
  );
}
