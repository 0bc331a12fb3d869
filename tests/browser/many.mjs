/* Five thousand websites: the list comes from the test itself, the page from the running system. */
import { check, TIMEOUT_MS, until } from './harness.mjs';
import { base } from './system.mjs';

const COUNT = 5_000;
const PAGE = 500;
/* Rows that may exist at once: those on the screen, and some beyond it. */
const MAX_ROWS = 60;
const token = 'many';

function website(i) {
  const start = Date.parse('2025-01-01T00:00:00Z');

  return {
    id: `site-${i}`, url: `https://site-${String(i).padStart(4, '0')}.example.org/`, name: null,
    state: 'UP', assurance: 'full', since: new Date(start).toISOString(), uptime24h: 1,
    lastChecked: new Date().toISOString(), latencyMs: 20,
    beats: Array.from({ length: 40 }, (_, beat) => ({
      createdAt: new Date(start + beat * 60_000).toISOString(), status: 'Good', latency: 20,
    })),
  };
}

async function answer(route) {
  const url = new URL(route.request().url());
  const from = Number(url.searchParams.get('cursor') ?? 0);

  if (url.pathname.endsWith('/events'))
    return route.fulfill({ contentType: 'text/event-stream', body: ': hello\n\n' });
  if (!url.pathname.endsWith('/websites'))
    return route.abort();
  return route.fulfill({
    json: {
      websites: Array.from({ length: PAGE }, (_, i) => website(from + i)),
      nextCursor: from + PAGE < COUNT ? String(from + PAGE) : null,
    },
  });
}

export async function manyWebsites(browser, report) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 } });
  const page = await context.newPage();
  const rows = page.locator('.site-row');

  page.setDefaultTimeout(TIMEOUT_MS);
  await context.route('**/api/v1/**', answer);
  await report.step(`${COUNT} websites are listed, a screenful drawn`, page, async () => {
    await page.goto(`${base}/#token=${token}`);
    await page.getByText(`${COUNT.toLocaleString('en-US')} websites`).waitFor();
    check(await rows.count() <= MAX_ROWS, 'too many rows exist');
  });
  await report.step('the last one is reached by scrolling, any one by search', page, async () => {
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await page.getByRole('link', { name: 'site-4999.example.org' }).waitFor();
    check(await rows.count() <= MAX_ROWS, 'too many rows exist');
    await page.getByLabel('Search websites').fill('site-2718');
    await until('one row is left', async () => await rows.count() === 1);
  });
  await context.close();
}
