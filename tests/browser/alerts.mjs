/* Channels of alerts, to a receiver that answers as it is told: added, tested, failing, replayed,
 * changed, given another secret, removed. */
import { createServer } from 'node:http';
import { check, until } from './harness.mjs';

class Receiver {
  requests = [];
  status = 200;

  async open() {
    this.server = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        this.requests.push(request);
        response.writeHead(this.status).end();
      });
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}/hook`;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

class Alerts {
  constructor({ page, report, complaints, quiet, open }, receiver) {
    Object.assign(this, { page, report, complaints, quiet, open, receiver });
    this.dialog = page.getByRole('dialog');
    this.channel = page.locator('.channel').filter({ hasText: 'Night shift' });
    this.log = page.getByRole('table', { name: 'Alerts' });
  }

  step(name, action) {
    return this.report.step(name, this.page, action);
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  async added() {
    const { page, dialog } = this;

    await this.step('a channel that cannot be is refused in the server\'s words', async () => {
      await this.open('#/alerts');
      await page.getByRole('heading', { name: 'Nobody is told' }).waitFor();
      await this.button('Add channel').click();
      await dialog.getByLabel('Name').fill('Night shift');
      await dialog.getByLabel('URL').fill('ftp://example.org/');
      this.complaints.allow(422);
      await dialog.getByRole('button', { name: 'Add channel' }).click();
      await dialog.getByRole('alert').waitFor();
      await this.report.shot(page, 'channel-refused');
      this.quiet();
    });

    await this.step('a webhook is added by the keyboard, and its secret shown once', async () => {
      await dialog.getByLabel('URL').fill(this.receiver.url);
      await page.keyboard.press('Enter');
      await dialog.getByText(/^whsec_/).waitFor();
      const secret = await dialog.locator('code.secret').textContent();
      check(/^whsec_[A-Za-z0-9+/]{43}=$/.test(secret), () => `the secret is ${secret}`);
      await dialog.getByRole('button', { name: 'Copy' }).click();
      await dialog.getByRole('status').filter({ hasText: /Copied|copy it by hand/ }).waitFor();
      await this.report.shot(page, 'channel-secret');
      await dialog.getByRole('button', { name: 'I have kept it' }).click();
      await dialog.waitFor({ state: 'detached' });
      await this.channel.getByText('Enabled').waitFor();
      await page.reload();
      await this.channel.getByText('Enabled').waitFor();
      check(!(await page.content()).includes(secret), 'the secret is shown again');
      this.quiet();
    });
  }

  async tested() {
    const { page } = this;

    await this.step('a test is delivered, and says so', async () => {
      await this.button('Test Night shift').click();
      await this.channel.getByText(/The test was delivered in \d+ ms/).waitFor();
      check(this.receiver.requests.length === 1, 'it came more than once');
      await this.log.locator('tr[data-result="delivered"]').waitFor();
      this.first = this.receiver.requests[0].headers['webhook-id'];
      this.quiet();
    });

    await this.step('an alert is replayed under the id it had', async () => {
      await this.log.locator(`tr[data-alert="${this.first}"]`)
        .getByRole('button', { name: 'Replay' }).click();
      await until('it came again', () => this.receiver.requests.length === 2);
      const again = this.receiver.requests[1].headers['webhook-id'];
      check(again === this.first, 'it has another id');
      this.quiet();
    });

    await this.step('a failure is shown with its words, try by try', async () => {
      this.receiver.status = 500;
      await this.button('Test Night shift').click();
      await this.channel.getByText(/The test failed: .*500.* It is tried again/).waitFor();
      await this.channel.getByText('Failing').waitFor();
      const row = this.log.locator('tr[data-result="pending"]');
      await row.getByRole('button', { name: /^Tries/ }).click();
      await this.log.getByRole('list', { name: 'Tries' }).getByText(/500/).first().waitFor();
      await this.report.shot(page, 'alerts-failing', { fullPage: true });
      this.quiet();
    });

    await this.step('a receiver that wants no more disables it, until it is enabled', async () => {
      this.receiver.status = 410;
      await this.channel.getByText('Disabled').waitFor();
      this.receiver.status = 200;
      await this.button('Enable Night shift').click();
      await this.channel.getByText('Enabled').waitFor();
      this.quiet();
    });
  }

  async ended() {
    const { page, dialog } = this;

    await this.step('its rules are changed in the same form', async () => {
      await this.button('Change Night shift').click();
      await dialog.getByText('When it is told').click();
      await dialog.getByLabel('Messages an hour, at most').fill('0');
      this.complaints.allow(422);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByRole('alert').waitFor();
      await dialog.getByLabel('Messages an hour, at most').fill('20');
      await dialog.getByLabel('Name').fill('Night shift, <b>all</b>');
      await this.report.shot(page, 'channel-change');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      await this.channel.getByText('Night shift, <b>all</b>').waitFor();
      this.quiet();
    });

    await this.step('what it is told of, and when not, is kept', async () => {
      const sunday = { name: 'Sunday' }, down = { name: 'Down' };

      await page.getByRole('button', { name: /^Change Night shift/ }).click();
      await dialog.getByText('What is told').click();
      await dialog.getByLabel('Of these websites').selectOption({ index: 0 });
      await dialog.getByLabel('With any of these tags').fill('prod, team-web');
      await dialog.getByText('When it is told').click();
      await dialog.getByLabel('Quiet from', { exact: true }).fill('22:00');
      await dialog.getByLabel('Quiet until').fill('07:00');
      await dialog.getByLabel('One digest of more').fill('25');
      await dialog.getByRole('checkbox', sunday).check();
      const nevertheless = dialog.getByRole('group', { name: 'Told in quiet hours' });
      await nevertheless.getByRole('checkbox', down).check();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.reload();
      await page.getByRole('button', { name: /^Change Night shift/ }).click();
      await dialog.getByText('What is told').click();
      await dialog.getByText('When it is told').click();
      const kept = [
        await dialog.getByLabel('With any of these tags').inputValue(),
        await dialog.getByLabel('Of these websites').locator('option:checked').count(),
        await dialog.getByLabel('One digest of more').inputValue(),
        await dialog.getByRole('checkbox', sunday).isChecked(),
        await nevertheless.getByRole('checkbox', down).isChecked(),
      ].join(' ');
      check(kept === 'prod, team-web 1 25 true true', () => `what was kept: ${kept}`);
      await this.report.shot(page, 'channel-rules', { fullPage: true });
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      this.quiet();
    });

    await this.step('it gets a new secret after a question', async () => {
      await page.getByRole('button', { name: /^New secret for/ }).click();
      await dialog.getByRole('button', { name: 'Make a new secret' }).click();
      await dialog.getByText(/^whsec_/).waitFor();
      await dialog.getByRole('button', { name: 'I have kept it' }).click();
      this.quiet();
    });

    await this.step('it is removed after a question, and its log stays', async () => {
      await page.getByRole('button', { name: /^Remove Night shift/ }).click();
      await dialog.getByRole('button', { name: 'Remove channel' }).click();
      await this.channel.waitFor({ state: 'detached' });
      await this.log.locator(`tr[data-alert="${this.first}"]`).waitFor();
      this.quiet();
    });
  }
}

/* An address of a service has its secret in it. */
async function appriseSteps({ page, report, quiet }) {
  const dialog = page.getByRole('dialog'), secret = 'ntfys://localhost/a-secret-topic';

  await report.step('a service of Apprise is added, changed, and its address never shown', page,
    async () => {
      await page.getByRole('button', { name: 'Add channel' }).click();
      await dialog.getByLabel('Name').fill('Push');
      await dialog.getByLabel('Kind').selectOption('apprise');
      await dialog.getByLabel('URL of the service').fill(secret);
      await dialog.getByRole('button', { name: 'Add channel' }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Change Push' }).click();
      await dialog.getByText('What is secret is kept').waitFor();
      await dialog.getByLabel('Name').fill('Pushed');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('button', { name: 'Remove Pushed' }).waitFor();
      check(!(await page.content()).includes('a-secret-topic'), 'the address is shown');
      await remove(page, 'Pushed');
      quiet();
    });
}

async function mailSteps({ page, report, complaints, quiet }) {
  const dialog = page.getByRole('dialog');
  const channel = page.locator('.channel').filter({ hasText: 'Letters' });

  await report.step('an e-mail channel is added, once all of its addresses are some', page,
    async () => {
      await page.getByRole('button', { name: 'Add channel' }).click();
      await dialog.getByLabel('Name').fill('Letters');
      await dialog.getByLabel('Kind').selectOption('email');
      await dialog.getByLabel('Recipients').fill('ann@example.org, nobody');
      complaints.allow(422);
      await dialog.getByRole('button', { name: 'Add channel' }).click();
      await dialog.getByRole('alert').waitFor();
      await dialog.getByLabel('Recipients').fill('ann@example.org, bob@example.org');
      await dialog.getByText('A text of your own').click();
      await dialog.getByLabel('Subject').fill('{{url}} is {{state}}');
      await dialog.getByRole('button', { name: 'Add channel' }).click();
      await dialog.waitFor({ state: 'detached' });
      await channel.getByText('ann@example.org, bob@example.org').waitFor();
      await page.reload();
      await page.getByRole('button', { name: 'Change Letters' }).click();
      await dialog.getByText('A text of your own').click();
      const kept = [
        await dialog.getByLabel('Recipients').inputValue(),
        await dialog.getByLabel('Subject').inputValue(),
      ].join('; ');
      check(kept === 'ann@example.org, bob@example.org; {{url}} is {{state}}',
        () => `what was kept: ${kept}`);
      await report.shot(page, 'channel-mail');
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await remove(page, 'Letters');
      quiet();
    });
}

async function remove(page, name) {
  await page.getByRole('button', { name: `Remove ${name}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove channel' }).click();
  await page.getByRole('heading', { name, exact: true }).waitFor({ state: 'detached' });
}

/* What it is sent is in its words: a list of alerts, at the path of its second version. */
async function alertmanagerSteps({ page, report, quiet }, receiver) {
  const dialog = page.getByRole('dialog');
  const channel = page.locator('.channel').filter({ hasText: 'On call' });
  const sent = () => receiver.requests.filter((request) => request.url === '/hook/api/v2/alerts');

  await report.step('an Alertmanager is added with a password, tested, and changed without', page,
    async () => {
      await page.getByRole('button', { name: 'Add channel' }).click();
      await dialog.getByLabel('Name').fill('On call');
      await dialog.getByLabel('Kind').selectOption('alertmanager');
      await dialog.getByLabel('URL').fill(receiver.url);
      await dialog.getByLabel('User').fill('dpin');
      await dialog.getByLabel('Password').fill('a-secret-word');
      await dialog.getByRole('button', { name: 'Add channel' }).click();
      await dialog.waitFor({ state: 'detached' });
      for (const renamed of [false, true]) {
        if (renamed) {
          await page.getByRole('button', { name: 'Change On call' }).click();
          await dialog.getByText('What is secret is kept').waitFor();
          await dialog.getByLabel('Name').fill('On call, too');
          await dialog.getByRole('button', { name: 'Save' }).click();
          await dialog.waitFor({ state: 'detached' });
        }
        const before = sent().length;
        await channel.getByRole('button', { name: /^Test/ }).click();
        await until('it is told', () => sent().length > before);
        const { authorization } = sent().at(-1).headers;
        check(authorization === `Basic ${btoa('dpin:a-secret-word')}`, () => `it says ${authorization}`);
      }
      check(!(await page.content()).includes('a-secret-word'), 'the password is shown');
      await remove(page, 'On call, too');
      quiet();
    });
}

export async function alertSteps(stage) {
  const receiver = new Receiver();

  await receiver.open();
  try {
    const alerts = new Alerts(stage, receiver);
    await alerts.added();
    await alerts.tested();
    await alerts.ended();
    await mailSteps(stage);
    await alertmanagerSteps(stage, receiver);
    await appriseSteps(stage);
  } finally {
    receiver.close();
  }
}
