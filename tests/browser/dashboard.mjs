/* Drives the dashboard of a running system as a user would. The environment says where it is:
 * DPIN_URL, DPIN_TOKEN, DPIN_SITE_URL (a website it watches), DPIN_SITE_CONTROL (the switch of
 * that site: GET /set?mode=up|slow|down); optional are DPIN_SHOTS (a folder for pictures),
 * DPIN_MEMBER (the address of a member of the token's organisation), DPIN_VALIDATORS (how many
 * there are) and DPIN_TIMEOUT (seconds). */
import {
  check, Complaints, launch, Report, seriousFindings, setting, TIMEOUT_MS, until,
} from './harness.mjs';
import { alertSteps } from './alerts.mjs';
import { incidentSteps } from './incidents.mjs';
import { brokenLine } from './line.mjs';
import { manyWebsites } from './many.mjs';
import { ask, base, findTestSite, switchSite } from './system.mjs';

const token = setting('DPIN_TOKEN');
const validators = Number(setting('DPIN_VALIDATORS', '4'));
const report = new Report(process.env.DPIN_SHOTS);
const complaints = new Complaints();
const browser = await launch();
const context = await browser.newContext({
  viewport: { width: 1360, height: 900 }, colorScheme: 'light',
});
const page = await context.newPage();
page.setDefaultTimeout(TIMEOUT_MS);
await complaints.watch(page);

const step = (name, action) => report.step(name, page, action);
const pill = (id) => page.locator(`.site-row[data-id="${id}"] .pill`);
const open = async (hash) => {
  await page.evaluate((to) => { location.hash = to; }, hash);
};
const waitForState = async (id, state) => {
  await pill(id).and(page.locator(`[data-state="${state}"]`)).waitFor();
};
const quiet = () => {
  const said = complaints.take();
  check(said.length === 0, () => `the browser complained:\n${said.join('\n')}`);
};

let site = null;
let incident = null;

async function signInSteps() {
  await step('page is served under a strict content security policy', async () => {
    const response = await page.goto(`${base}/`);
    const policy = response.headers()['content-security-policy'] ?? '';
    check(policy.includes("default-src 'none'"), `the policy is "${policy}"`);
    check(!policy.includes('unsafe'), `the policy is "${policy}"`);
  });

  await step('without a token the form is shown', async () => {
    await page.getByLabel('Access token').waitFor();
    await report.shot(page, 'sign-in');
  });

  await step('a wrong token is refused in words', async () => {
    complaints.allow(401);
    complaints.allow(401); /* the list and the stream may both be asked before the first answer */
    await page.getByLabel('Access token').fill('dpin_wrong_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: 'does not accept this token' }).waitFor();
  });

  await step('the right token signs in by the form', async () => {
    await page.getByLabel('Access token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Websites', level: 1 }).waitFor();
  });

  await step('a token in the address signs in and leaves the address', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Access token').waitFor();
    await page.goto(`${base}/#token=${encodeURIComponent(token)}`);
    await page.locator('[data-connection="live"]').waitFor();
    check(!page.url().includes('token'), () => `the address is ${page.url()}`);
    quiet();
  });
}

async function liveSteps() {
  await step('the website is listed, up, with its last checks', async () => {
    site = await findTestSite();
    await switchSite('up');
    await waitForState(site.id, 'UP');
    await page.locator(`.site-row[data-id="${site.id}"] .beat-Good`).first().waitFor();
    await until('latency is shown', async () => /\d m?s/.test(
      await page.locator(`.site-row[data-id="${site.id}"] .cell-latency`).innerText()));
    await report.shot(page, 'overview-light');
  });

  await step('a bar of the last checks says what it is', async () => {
    const bars = page.locator(`.site-row[data-id="${site.id}"] .heartbeat`);
    await bars.locator('.beat-Good').last().hover();
    await page.locator('.tooltip').filter({ hasText: /Good · [\d.]+ m?s/ }).waitFor();
    await page.mouse.move(1, 1);
    await page.locator('.tooltip').waitFor({ state: 'detached' });
  });

  await step('an outage appears without a reload', async () => {
    await page.evaluate(() => { window.loadedOnce = true; });
    await switchSite('down');
    await waitForState(site.id, 'DOWN');
    check(await page.evaluate(() => window.loadedOnce === true), 'the page was loaded again');
    await page.locator(`.site-row[data-id="${site.id}"] .beat-Bad`).first().waitFor();
    await until('the tab says so', async () => /\d+ down/.test(await page.title()));
    await report.shot(page, 'overview-outage');
  });

  await step('its incident is listed as open', async () => {
    await open('#/incidents');
    await incidentRow('true').waitFor();
    await report.shot(page, 'incidents-light');
  });

  await step('recovery closes the incident, live', async () => {
    await switchSite('up');
    await until('no incident of the site is open', async () =>
      await incidentRow('true').count() === 0 && await incidentRow('false').count() > 0);
    await open('#/');
    await waitForState(site.id, 'UP');
    check(await page.evaluate(() => window.loadedOnce === true), 'the page was loaded again');
    quiet();
  });
}

function incidentRow(isOpen) {
  return page.getByRole('table', { name: 'Incidents' })
    .locator(`tr[data-open="${isOpen}"]:has(a[href$="${site.id}"])`).first();
}

async function addRemoveSteps() {
  const dialog = page.getByRole('dialog');
  const added = `${setting('DPIN_SITE_URL').replace(/\/$/, '')}/?added=${Date.now()}`;
  const row = page.locator('.site-row').filter({ hasText: 'Added by the browser' });

  await step('a bad address is refused in the server\'s words', async () => {
    complaints.allow(422);
    await page.getByRole('button', { name: 'Add website' }).click();
    await dialog.getByLabel('Address').fill('file:///etc/passwd');
    const answer = page.waitForResponse((r) => r.request().method() === 'POST');
    await dialog.getByRole('button', { name: 'Add website' }).click();
    const problem = await (await answer).json();
    check(problem.detail, () => `no detail in ${JSON.stringify(problem)}`);
    await dialog.getByRole('alert').filter({ hasText: problem.detail }).waitFor();
    await report.shot(page, 'add-refused');
    quiet();
  });

  await step('a website is added by the form and gets a verdict', async () => {
    await dialog.getByLabel('Address').fill(added);
    await dialog.getByLabel('Name').fill('Added by the browser');
    await dialog.getByLabel('Checked every').selectOption({ label: '10 s' });
    await dialog.getByLabel('Tags').fill('web, nightly web');
    await dialog.getByRole('button', { name: 'Add website' }).click();
    await dialog.waitFor({ state: 'detached' });
    await row.locator('.pill[data-state="UP"]').waitFor();
    const tags = (await row.locator('.chip').allTextContents()).join(' ');
    check(tags === 'nightly web', () => `its tags are ${tags}`);
  });

  await step('what the answer has to be like is asked for in the same form, and shown', async () => {
    const strict = `${added}&strict`;

    await page.getByRole('button', { name: 'Add website' }).click();
    await dialog.getByLabel('Address').fill('tcp://127.0.0.1:9');
    await dialog.getByText('What the answer has to be like').click();
    await dialog.getByLabel('The answer contains').waitFor();
    check(await dialog.getByLabel('Accepted status').count() === 0, 'a TCP check has no status');
    await dialog.getByLabel('Address').fill(strict);
    await dialog.getByLabel('Name').fill('Strict');
    await dialog.getByLabel('Checked every').selectOption({ label: '10 s' });
    await dialog.getByLabel('Accepted status').fill('201-204');
    await report.shot(page, 'add-check');
    await dialog.getByRole('button', { name: 'Add website' }).click();
    await dialog.waitFor({ state: 'detached' });
    const strictRow = page.locator('.site-row').filter({ hasText: 'Strict' });
    await strictRow.locator('.pill[data-state="DOWN"]').waitFor();
    await strictRow.getByRole('link').first().click();
    await page.getByText('The status is one of 201-204.').waitFor();
    await page.goBack();
    await strictRow.getByRole('button', { name: /^Remove/ }).click();
    await dialog.getByRole('button', { name: 'Remove website' }).click();
    await strictRow.waitFor({ state: 'detached' });
    quiet();
  });

  await step('a job that calls by itself gets an address, and is up when it calls', async () => {
    await page.getByRole('button', { name: 'Add website' }).click();
    await dialog.getByLabel('Address').fill('push:browser');
    await dialog.getByLabel('Name').fill('Nightly job');
    await dialog.getByRole('button', { name: 'Add website' }).click();
    await dialog.waitFor({ state: 'detached' });
    const job = page.locator('.site-row').filter({ hasText: 'Nightly job' });
    await job.getByRole('link').first().click();
    await page.getByRole('button', { name: 'Make a new address' }).click();
    const command = await page.locator('code.secret').textContent();
    const address = command.split(' ').at(-1);
    await report.shot(page, 'heartbeat');
    check((await fetch(address, { method: 'POST' })).status === 204, () => `no heartbeat at ${address}`);
    await page.locator('.state-card .pill[data-state="UP"]').waitFor();
    await page.goBack();
    await job.getByRole('button', { name: /^Remove/ }).click();
    await dialog.getByRole('button', { name: 'Remove website' }).click();
    await job.waitFor({ state: 'detached' });
    quiet();
  });

  await step('what is set for it is changed in a form, judged as a whole', async () => {
    await row.getByRole('link').first().click();
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await dialog.getByLabel('Timeout (seconds)').fill('6');
    complaints.allow(422);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('alert').filter({ hasText: 'half the interval' }).waitFor();
    await dialog.getByLabel('Timeout (seconds)').fill('4');
    await dialog.getByLabel('Name').fill('Added by the browser, and changed');
    await dialog.getByLabel('Tags').fill('prod, team-web');
    await report.shot(page, 'change');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Added by the browser, and changed' }).waitFor();
    await page.locator('.state-card .chip', { hasText: 'team-web' }).waitFor();
    quiet();
  });

  await step('it is paused and resumed on its page', async () => {
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.locator('.state-card .pill[data-state="PAUSED"]').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('.state-card .pill[data-state="UP"]').waitFor();
    quiet();
  });

  await step('maintenance is announced, is on, and is called off', async () => {
    const form = page.getByRole('form', { name: 'Announce maintenance' });

    await page.getByRole('button', { name: 'Announce' }).click();
    await form.getByLabel('What is done').fill('Moving house');
    await form.getByLabel('How often').selectOption('again');
    await form.getByLabel('When, as cron says it').fill('0 0 30 2 *');
    await form.getByLabel('For (minutes)').fill('1440');
    complaints.allow(422);
    await form.getByRole('button', { name: 'Announce' }).click();
    await form.getByRole('alert').filter({ hasText: 'would never come' }).waitFor();
    await form.getByLabel('When, as cron says it').fill('0 0 * * *');
    await report.shot(page, 'maintenance');
    await form.getByRole('button', { name: 'Announce' }).click();
    await page.getByText('without an end in sight').waitFor();
    await page.locator('.state-card .pill[data-state="MAINTENANCE"]').waitFor();
    await page.getByRole('button', { name: 'Call off' }).click();
    await page.locator('.state-card .pill[data-state="UP"]').waitFor();
    await page.goBack();
    quiet();
  });

  await step('it is found by search, and removed after a question', async () => {
    for (const words of ['team-web', 'added by the']) {
      await page.getByLabel('Search websites').fill(words);
      await until('one row is left', async () => await page.locator('.site-row').count() === 1);
    }
    await row.locator('.chip', { hasText: 'team-web' }).waitFor();
    await report.shot(page, 'tags');
    await row.getByRole('button', { name: /^Remove/ }).click();
    await dialog.getByRole('button', { name: 'Remove website' }).click();
    await row.waitFor({ state: 'detached' });
    await page.getByLabel('Search websites').fill('');
    await pill(site.id).waitFor();
    quiet();
  });
}

/* Is anything drawn on the canvas? */
function isDrawn(canvas) {
  const { width, height } = canvas;
  const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  return pixels.some((value, i) => i % 4 === 3 && value > 0);
}

async function websiteSteps() {
  const withValue = page.locator('.legend-value', { hasText: /\d m?s/ });
  const votes = page.getByRole('table', { name: 'Votes by seat' });

  await step('the website\'s page shows the votes behind its verdict', async () => {
    await page.locator(`.site-row[data-id="${site.id}"] .cell-name a`).click();
    await page.locator('.state-card .pill[data-state="UP"]').waitFor();
    await until('a quorum of seats says up', async () =>
      await votes.locator('[data-vote="up"]').count() >= Math.floor(validators / 2) + 1);
    check(await votes.locator('tbody tr').count() === validators, 'not every seat is listed');
    await page.locator('.verdict-sentence').filter({ hasText: /say up, \d+ are needed/ }).waitFor();
  });

  await step('the verdict of the outage is chosen, and shows the votes of then', async () => {
    const past = page.getByRole('table', { name: 'Verdicts so far' });
    const outage = past.locator('tr[data-state="DOWN"]').first();
    const why = await outage.locator('.cell-why').innerText();
    check(/^\d of \d say down, \d are needed/.test(why), `the outage is explained: ${why}`);
    await outage.getByRole('button', { name: /^Why Down since/ }).click();
    await page.getByRole('heading', { name: 'Why that verdict' }).waitFor();
    check(await page.locator('.verdict-sentence').innerText() === why, 'two sentences for one');
    check(await votes.locator('[data-vote="down"]').count() > validators / 2, 'too few say down');
    check(await outage.getByRole('button', { pressed: true }).count() === 1, 'not chosen');
    await report.shot(page, 'website-past', { fullPage: true });
    await page.getByRole('button', { name: 'Back to the present' }).click();
    await page.getByRole('heading', { name: 'Why this verdict' }).waitFor();
    await until('the votes of now are shown', async () =>
      await votes.locator('[data-vote="up"]').count() > validators / 2);
    quiet();
  });

  await step('page, REST and list give the same reason', async () => {
    const { verdicts } = await ask(`website/verdicts?websiteId=${site.id}`);
    const shown = await page.locator('.cell-why').allInnerTexts();
    check(JSON.stringify(shown) === JSON.stringify(verdicts.map((verdict) => verdict.why)),
      () => `the page has ${shown.join(' / ')}`);
  });

  await step('its charts are drawn, for every window', async () => {
    for (const name of ['24h', '7d', '30d', '1h']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('button', { name, exact: true, pressed: true }).waitFor();
      await until('two charts have values', async () =>
        await page.locator('.chart').filter({ has: withValue }).count() === 2);
      for (const canvas of await page.locator('.plot canvas').all())
        check(await canvas.evaluate(isDrawn), `a chart of ${name} is blank`);
    }
    await report.shot(page, 'website-light', { fullPage: true });
  });

  await step('its incident is on its page', async () => {
    await page.getByRole('table', { name: 'Incidents' }).locator('tr[data-open="false"]').first()
      .waitFor();
    quiet();
  });

  await step('validators are listed, connected, with earnings', async () => {
    await page.getByRole('link', { name: 'Validators' }).click();
    const rows = page.getByRole('table', { name: 'Validators' }).locator('tbody tr');
    const connected = rows.filter({ hasText: 'Connected' }).filter({ hasText: 'SOL' });
    await until(`${validators} rows say connected`, async () =>
      await connected.count() === validators);
    await report.shot(page, 'validators-light');
    quiet();
  });
}

const VIEWS = [
  ['overview', '#/', '.site-row'], ['website', () => `#/website/${site.id}`, '.quorum-block'],
  ['validators', '#/validators', 'tbody tr'], ['incidents', '#/incidents', 'tbody tr'],
  ['incident', () => `#/incident/${incident}`, '.timeline li'],
  ['alerts', '#/alerts', 'tbody tr'],
];

async function show([, hash, ready]) {
  await open(typeof hash === 'function' ? hash() : hash);
  await page.locator(ready).first().waitFor();
}

async function lookSteps() {
  for (const colorScheme of ['light', 'dark'])
    await step(`axe finds nothing serious in ${colorScheme}`, async () => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.locator(`html[data-theme="${colorScheme}"]`).waitFor();
      const found = [];
      for (const view of VIEWS) {
        await show(view);
        found.push(...(await seriousFindings(page)).map((text) => `${view[0]}: ${text}`));
        if (colorScheme === 'dark')
          await report.shot(page, `${view[0]}-dark`, { fullPage: view[0] === 'website' });
      }
      check(found.length === 0, () => found.join('\n'));
      quiet();
    });

  await step('the theme can be chosen by hand and is kept', async () => {
    await show(VIEWS[0]);
    await page.getByRole('button', { name: 'Theme: system' }).click();
    await page.locator('html[data-theme="light"]').waitFor();
    await page.reload();
    await page.locator('html[data-theme="light"]').waitFor();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    await page.getByRole('button', { name: 'Theme: dark' }).click();
  });

  await step('everything fits a phone', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 390, height: 844 });
    for (const view of VIEWS) {
      await show(view);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(wide <= 0, `${view[0]} is ${wide} px too wide`);
      await report.shot(page, `${view[0]}-phone`, { fullPage: view[0] === 'website' });
    }
    await page.setViewportSize({ width: 1360, height: 900 });
    quiet();
  });
}

try {
  await signInSteps();
  await liveSteps();
  await addRemoveSteps();
  await websiteSteps();
  incident = await incidentSteps({ page, report, complaints, quiet, open, site });
  await alertSteps({ page, report, complaints, quiet, open });
  await lookSteps();
  await brokenLine(browser, report, token);
  await manyWebsites(browser, report);
} finally {
  await switchSite('up').catch(() => undefined);
  await browser.close();
}
process.exitCode = report.end();
