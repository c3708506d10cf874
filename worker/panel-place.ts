/** What surfaces check a panel's URL and certificate with, before anything is stored or asked. */
export { parsePin } from '../activities/http/certificate.ts';
export { parsePanelUrl } from '../activities/http/place.ts';
export { checkPlace } from '../activities/http/resolve.ts';
