import type { Failure } from '../../../workflows/domain/failure.ts';
import type { ServiceOnServer } from '../server-module.ts';
import { fullNameOf, userNameOf } from './panel-user.ts';

/** What this module says in its own words. */

export function noSuchService(service: ServiceOnServer): Failure {
  return {
    code: 'service-not-on-server',
    message: `The server has no user of service ${service.id}`,
    next: 'Set the service up first, or look whether its user was removed by hand.',
  };
}

export function nameTaken(service: ServiceOnServer): Failure {
  const user = userNameOf(service);
  return {
    code: 'user-name-taken',
    message: `The server has a user ${user} whose full name does not say that it is of service ${service.id}`,
    next: `If it is of this service, write "${fullNameOf(service)}" back as its full name, or remove it by hand; if not, rename it there. Then retry.`,
    value: user,
  };
}

export function notThere(service: ServiceOnServer): Failure {
  return {
    code: 'server-not-as-asked',
    message: `The server said that ${service.id} is set up, and its lists do not show it so`,
    next: 'It is looked at again; if it stays, look at the panel.',
  };
}

export function leftover(user: string): Failure {
  return {
    code: 'server-not-as-asked',
    message: `The user ${user} may be left on the server`,
    next: 'It is looked at again; if it stays, look at the panel.',
  };
}

export function notGiven(ip: string): Failure {
  return {
    code: 'server-not-as-asked',
    message: `The server said that it gave ${ip}, and its list does not show it so`,
    next: 'It is looked at again; if it stays, look at the panel.',
    field: 'address',
    value: ip,
  };
}

export function stillListed(ip: string): Failure {
  return {
    code: 'server-still-lists-address',
    message: `The server said that ${ip} was taken off, and its list still has it`,
    next: 'It is looked at again; if it stays, take it off there by hand.',
    field: 'address',
    value: ip,
  };
}
