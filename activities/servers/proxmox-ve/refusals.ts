import type { Failure } from '../../../workflows/domain/failure.ts';
import type { ServiceOnServer } from '../server-module.ts';
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
