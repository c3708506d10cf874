import type { Failure, Reason } from '../workflows/domain/failure.ts';
import type { OpenedOrder, OpenedService, OpenOrder } from './ledger/ledger.ts';
import type { OrderRecord } from './ledger/records.ts';

/** Refusals of the ledger in words: what was asked, what stands in the way, what to do next. */

export function ofService(opened: Exclude<OpenedService, { kind: 'opened' }>, id: string): Failure {
  switch (opened.kind) {
    case 'differs':
      return orderDiffers(`service ${id}`, opened.fields);
    case 'removing':
      return {
        code: 'service-removing',
        message: `service ${id} is being removed`,
        value: id,
        next: 'wait until its removal has ended (iptally service show), then order it anew',
      };
    case 'no-such':
      return {
        code: `no-such-${opened.what}`,
        message: `there is no ${opened.what} ${opened.name}`,
        field: opened.what,
        value: opened.name,
        next: `see iptally ${opened.what} list; add it or correct the name`,
      };
  }
}

export function ofOrder(
  opened: Exclude<OpenedOrder, { kind: 'open' | 'holds' | 'closed' }>,
  { order, service }: Pick<OpenOrder, 'order' | 'service'>,
): Failure {
  switch (opened.kind) {
    case 'differs':
      return orderDiffers(`order ${order}`, opened.fields);
    case 'removing':
      return ofService({ kind: 'removing' }, service);
    case 'too-many':
      return {
        code: 'too-many-addresses',
        message: `order ${order}: service ${service} has ${opened.most} addresses already`,
        value: String(opened.most),
        accepted: `at most ${opened.most} addresses a service`,
        next: 'release one first, or order a second service',
      };
    case 'owned':
      return {
        code: 'order-in-use',
        message: `order ${order} belongs to the running workflow ${opened.owner.workflowId}`,
        value: order,
        next: `attach to ${opened.owner.workflowId}, or use an order id of its own`,
      };
  }
}

export function orderDiffers(what: string, fields: readonly string[]): Failure {
  return {
    code: 'order-differs',
    message: `${what} exists with another ${fields.join(', ')}`,
    field: fields.join(', '),
    next: 'send it as it was first sent, or under a new id; nothing was changed',
  };
}

/** What a service that is set up says to an order: nothing when it is one of its own, wherever that stands now. */
export function notOfService(
  known: OrderRecord | undefined,
  asked: Pick<OrderRecord, 'family' | 'ptr'> & { readonly order: string },
  service: string,
): Failure | undefined {
  if (known === undefined) return beyondSetUp(asked.order, service);
  const fields: string[] = [];
  if (known.service !== service) fields.push('service');
  if (known.family !== asked.family) fields.push('family');
  if (known.ptr !== asked.ptr) fields.push('ptr');
  return fields.length === 0 ? undefined : orderDiffers(`order ${asked.order}`, fields);
}

/** Why a service that is set up answers no address, although its tariff has some. */
export function noneLeft(service: string): Reason {
  return {
    code: 'no-addresses-left',
    message: `service ${service} is set up and has no address any more: they were released; addAddress gives it another`,
  };
}

function beyondSetUp(order: string, service: string): Failure {
  return {
    code: 'service-set-up',
    message: `service ${service} is set up already, and order ${order} is none of its own`,
    field: 'addresses',
    value: order,
    accepted: 'the orders it was provisioned with, or none',
    next: `for one more address start addAddress (iptally address add --service ${service} --order ${order}); nothing was done`,
  };
}

/** A list of orders, some of them begun, the rest of which the service may not have by now. */
export function noMoreOrders({ code, message }: Reason): Failure {
  return {
    code,
    message: `no more addresses than were ordered before: ${message}`,
    field: 'addresses',
    next: 'send the orders it was begun with, or change its tariff or server first; nothing was done',
  };
}

export function tagNotKept(integration: string): Failure {
  return {
    code: 'tag-not-kept',
    message: `integration ${integration} gets no orders: its panel did not keep our tag in the note`,
    value: integration,
    next: 'let the panel keep notes whole, then iptally integration test',
  };
}

export function notHeld(ip: string): Failure {
  return {
    code: 'address-not-held',
    message: `${ip} is on no service here`,
    field: 'address',
    value: ip,
    next: 'see iptally address show; nothing was done',
  };
}

export function isProtected(ip: string): Failure {
  return {
    code: 'address-protected',
    message: `${ip} is protected and is never released`,
    field: 'address',
    value: ip,
    next: 'iptally address unprotect, then release it again',
  };
}

export function inFlight(ip: string, workflowId: string): Failure {
  return {
    code: 'address-in-flight',
    message: `${ip} is reserved for a set-up that is running: ${workflowId}`,
    field: 'address',
    value: ip,
    next: 'abandon that service, or wait until it is set up',
  };
}

export function activeMeanwhile(ip: string, service: string): Failure {
  return {
    code: 'address-in-flight',
    message: `${ip} became active on ${service} while its release waited`,
    field: 'address',
    value: ip,
    next: 'release it again where it is to go all the same; nothing was changed',
  };
}

export function ptrRefused(kind: 'not-held' | 'not-yours' | 'in-conflict', ip: string, actor: string): Failure {
  switch (kind) {
    case 'not-held':
      return notHeld(ip);
    case 'not-yours':
      return {
        code: 'not-yours',
        message: `${ip} is on no service of ${actor}`,
        field: 'actor',
        value: actor,
        next: 'a customer may change only PTRs of their own addresses; nothing was changed',
      };
    case 'in-conflict':
      return {
        code: 'address-in-conflict',
        message: `${ip} is marked as in conflict (dns.set.error)`,
        field: 'address',
        value: ip,
        next: 'iptally address resolve first, which brings its PTR back',
      };
  }
}

export function noSuchService(id: string): Failure {
  return {
    code: 'no-such-service',
    message: `there is no service ${id}`,
    field: 'service',
    value: id,
    next: 'see iptally service list, or provision it first',
  };
}
