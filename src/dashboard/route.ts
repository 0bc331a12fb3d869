/* Which view the address names: `#/`, `#/website/ID`, `#/validators`, `#/incidents`. */
import { signal } from '@preact/signals';
import { takeTokenFromAddress } from './session';

export type Route =
  | { view: 'overview' }
  | { view: 'website'; id: string }
  | { view: 'validators' }
  | { view: 'incidents' }
  | { view: 'nowhere' };

export const route = signal<Route>({ view: 'overview' });

export function parseRoute(hash: string): Route {
  const [, view = '', id = '', ...rest] = hash.replace(/^#?\/?/, '/').split('/');

  if (rest.length > 0)
    return { view: 'nowhere' };
  if (view === 'website' && id !== '')
    return { view, id: decodeURIComponent(id) };
  if (id !== '')
    return { view: 'nowhere' };
  if (view === '')
    return { view: 'overview' };
  return view === 'validators' || view === 'incidents' ? { view } : { view: 'nowhere' };
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
