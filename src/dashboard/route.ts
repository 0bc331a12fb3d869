/* Which view the address names: `#/`, `#/website/ID`, `#/validators`, `#/incidents`,
 * `#/incident/ID`, `#/alerts`; and the token that a link may bring along once, as `#token=...`. */
import { signal } from '@preact/signals';
import { signIn } from './session';

export type Route =
  | { view: 'overview' }
  | { view: 'website' | 'incident'; id: string }
  | { view: 'validators' }
  | { view: 'incidents' }
  | { view: 'alerts' }
  | { view: 'nowhere' };

export const route = signal<Route>({ view: 'overview' });

export function parseRoute(hash: string): Route {
  const [, view = '', id = '', ...rest] = hash.replace(/^#?\/?/, '/').split('/');

  if (rest.length > 0)
    return { view: 'nowhere' };
  if ((view === 'website' || view === 'incident') && id !== '') {
    const decodedId = decoded(id);
    return decodedId === null ? { view: 'nowhere' } : { view, id: decodedId };
  }
  if (id !== '')
    return { view: 'nowhere' };
  if (view === '')
    return { view: 'overview' };
  return view === 'validators' || view === 'incidents' || view === 'alerts'
    ? { view } : { view: 'nowhere' };
}

/* What percent-encoding hides; null if it is malformed. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/* Signs in with the token of the address, which leaves the address bar and the history. */
function takeTokenFromAddress(): void {
  const match = /^#\/?token=([^&]+)$/.exec(location.hash);

  if (!match?.[1])
    return;
  history.replaceState(null, '', `${location.pathname}#/`);
  signIn(decoded(match[1]) ?? match[1]);
}

function follow(): void {
  takeTokenFromAddress();
  route.value = parseRoute(location.hash);
  scrollTo(0, 0);
}

export function startRouting(): void {
  addEventListener('hashchange', follow);
  follow();
}

export function websiteHref(id: string): string {
  return `#/website/${encodeURIComponent(id)}`;
}

export function incidentHref(id: string): string {
  return `#/incident/${encodeURIComponent(id)}`;
}
