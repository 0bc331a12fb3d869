/* A line between browser and system that can be cut: what the page does then, and after. */
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { check, TIMEOUT_MS, until } from './harness.mjs';
import { base, findTestSite, switchSite } from './system.mjs';

/* Passes bytes to `target` until cut; then it closes what is open and takes nothing more. */
class Line {
  sockets = new Set();
  whole = true;

  constructor(target) {
    this.target = new URL(target);
    this.server = createServer((socket) => this.accept(socket));
  }

  async open() {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  accept(near) {
    if (!this.whole) {
      near.destroy();
      return;
    }
    const far = connect(Number(this.target.port || 80), this.target.hostname);
    for (const [socket, other] of [[near, far], [far, near]]) {
      this.sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }

  cut() {
    this.whole = false;
    this.sockets.forEach((socket) => socket.destroy());
  }

  mend() {
    this.whole = true;
  }

  close() {
    this.cut();
    this.server.close();
  }
}

export async function brokenLine(browser, report, token) {
  const line = new Line(base);
  const address = await line.open();
  const context = await browser.newContext();
  const page = await context.newPage();
  const site = await findTestSite();
  const state = (name) => page.locator(`.site-row[data-id="${site.id}"][data-state="${name}"]`);

  const checked = page.locator(`.site-row[data-id="${site.id}"] .cell-checked time`);
  const resumed = [];

  page.setDefaultTimeout(TIMEOUT_MS);
  page.on('request', (request) => {
    if (request.url().endsWith('/events'))
      resumed.push(request.headers()['last-event-id']);
  });
  await report.step('a lost connection is said', page, async () => {
    await page.goto(`${address}/#token=${encodeURIComponent(token)}`);
    await page.getByLabel('Search websites').fill(site.url);
    await state('UP').waitFor();
    const first = await checked.getAttribute('datetime');
    await until('a live tick has come', async () =>
      await checked.getAttribute('datetime') !== first);
    line.cut();
    await page.getByText('Reconnecting…').waitFor();
  });
  await report.step('what happened meanwhile is there when it is back', page, async () => {
    await switchSite('down');
    await until('the system knows', async () => (await findTestSite()).state === 'DOWN');
    line.mend();
    await state('DOWN').waitFor();
    await page.locator('[data-connection="live"]').waitFor();
    check(resumed.at(-1), 'the stream was not resumed by Last-Event-ID');
    await switchSite('up');
    await state('UP').waitFor();
  });
  await context.close();
  line.close();
}
