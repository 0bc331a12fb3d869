/* The running system as seen beside the browser: its REST, and the switch of its test site. */
import { check, setting } from './harness.mjs';

const token = setting('DPIN_TOKEN');
export const base = setting('DPIN_URL').replace(/\/$/, '');
const siteUrl = setting('DPIN_SITE_URL');
const control = setting('DPIN_SITE_CONTROL').replace(/\/$/, '');

export async function ask(path) {
  const response = await fetch(`${base}/api/v1/${path}`, {
    headers: { Authorization: `Bearer ${token}` },
  });

  check(response.ok, `GET ${path}: ${response.status}`);
  return response.json();
}

/* As somebody else does, with the same token. */
export async function act(path, body) {
  const response = await fetch(`${base}/api/v1/${path}`, {
    method: 'POST', body: JSON.stringify(body),
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
  });

  check(response.ok, `POST ${path}: ${response.status}`);
}

export async function switchSite(mode) {
  const response = await fetch(`${control}/set?mode=${mode}`);

  check(response.ok, `the test site refused mode ${mode}: ${response.status}`);
}

/* The website row of the switchable test site, as REST lists it. */
export async function findTestSite() {
  const plain = (url) => url.replace(/\/$/, '');
  let cursor = '';

  do {
    const page = await ask(`websites?limit=100${cursor}`);
    const site = page.websites.find(({ url }) => plain(url) === plain(siteUrl));
    if (site)
      return site;
    cursor = page.nextCursor ? `&cursor=${encodeURIComponent(page.nextCursor)}` : '';
  } while (cursor);
  throw new Error(`${siteUrl} is not among the websites`);
}
