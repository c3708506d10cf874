import type { Failure } from '../../../workflows/domain/failure.ts';
import type { ServiceOnServer } from '../server-module.ts';
import { proofLine } from '../service-label.ts';
import type { ListedGuest } from './cluster-view.ts';

export function noSuchService(service: ServiceOnServer): Failure {
  return {
    code: 'service-not-on-server',
    message: `The server has no guest of service ${service.id}`,
    next: 'Set the service up first, or look whether its guest was removed by hand.',
  };
}

export function halfMade({ vmid, node }: ListedGuest): Failure {
  return {
    code: 'server-half-made',
    message: `Guest ${vmid} on ${node} was begun, is locked, and no task works on it any more`,
    next: `Look at it in the panel: unlock it there (pct unlock ${vmid} or qm unlock ${vmid}) and remove it, then retry.`,
    value: String(vmid),
  };
}

/** Its name comes from the service and nothing proves it: to be neither taken down nor forgotten (I4). */
export function notProven(service: ServiceOnServer, { vmid, node }: ListedGuest): Failure {
  return {
    code: 'guest-not-proven',
    message: `Guest ${vmid} on ${node} has the name of service ${service.id}, and its notes do not say that it is its guest`,
    next: `If it is, write the line "${proofLine(service)}" back into its notes, or remove it by hand; if not, rename it. It is looked at again.`,
    value: String(vmid),
  };
}

/** A running guest goes on with it, whatever its configuration says by now (I4). */
export function stillInForce(ip: string, { vmid, node, kind }: ListedGuest): Failure {
  return {
    code: 'address-in-force',
    message: `Guest ${vmid} on ${node} runs with ${ip}, and takes a change of it only when it is started again`,
    next: `Shut the guest down (${kind.type === 'qemu' ? 'qm' : 'pct'} shutdown ${vmid}, or in the panel); then the address is taken off, and the guest may be started again.`,
    field: 'address',
    value: ip,
  };
}

export function noVmid(service: ServiceOnServer): Failure {
  return {
    code: 'no-vmid-left',
    message: `All VMIDs that service ${service.id} may have are taken by guests of others`,
    next: 'Give iptally a range of VMIDs of its own with --set vmids=FIRST-LAST.',
  };
}

export function tooManyAddresses(service: ServiceOnServer): Failure {
  return {
    code: 'too-many-addresses',
    message: `A guest has 32 interfaces with one address of each family; service ${service.id} needs more`,
    next: 'Take an address off the service first.',
  };
}

/** Every step was refused because the guest changed under us, again and again. */
export function turnsInCircles(service: ServiceOnServer): Failure {
  return {
    code: 'server-not-as-asked',
    message: `The guest of service ${service.id} is still not as asked after several changes`,
    next: 'It is looked at again; if it stays, look at the guest in the panel.',
  };
}

export function stillListed(ip: string): Failure {
  return {
    code: 'server-still-lists-address',
    message: `The server said that its configuration was changed, and it still does not show it so for ${ip}`,
    next: 'It is looked at again; if it stays, look at the guest in the panel.',
    field: 'address',
    value: ip,
  };
}
