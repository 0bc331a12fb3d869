/* What people do with incidents, by the keyboard too: reporting one, acknowledging, noting,
 * assigning, resolving; and what others do meanwhile appears by itself. */
import { check, setting, until } from './harness.mjs';
import { act } from './system.mjs';

const TITLE = 'The checkout is slow';
const member = setting('DPIN_MEMBER', '');

class Incidents {
  constructor({ page, report, complaints, quiet, open, site }) {
    Object.assign(this, { page, report, complaints, quiet, open, site });
    this.dialog = page.getByRole('dialog');
    this.timeline = page.locator('.timeline li');
    this.state = page.getByRole('region', { name: 'State' });
  }

  step(name, action) {
    return this.report.step(name, this.page, action);
  }

  entry(label) {
    return this.timeline.filter({ hasText: label });
  }

  /* The id in the address. */
  async here() {
    return await this.page.evaluate(() => location.hash.replace('#/incident/', ''));
  }

  async judged() {
    const { page } = this;

    await this.step('an incident of checks is opened from the table, and takes a note', async () => {
      await this.open('#/incidents');
      await page.locator(`tr[data-open="false"]:has(a[href$="${this.site.id}"])`).first()
        .getByRole('link').last().click();
      await this.state.getByText('Closed').first().waitFor();
      await this.entry('Opened by dpin').waitFor();
      await this.entry('Closed by dpin').waitFor();
      check(await page.getByRole('button', { name: 'Acknowledge' }).count() === 0,
        'a closed incident can be acknowledged');
      check(await page.getByRole('button', { name: 'Resolve' }).count() === 0,
        'an incident of checks can be resolved');
      await page.getByLabel('Note').focus();
      await page.keyboard.type('It was the cable.');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await this.entry('It was the cable.').waitFor();
      await until('the field is empty', async () =>
        await page.getByLabel('Note').inputValue() === '');
      this.quiet();
    });
  }

  async reported() {
    const { page, dialog } = this;

    await this.step('a report without a title is refused in the server\'s words', async () => {
      await this.open(`#/website/${this.site.id}`);
      await page.getByRole('button', { name: 'Report an incident' }).click();
      this.complaints.allow(422);
      await dialog.getByRole('button', { name: 'Report incident' }).click();
      await dialog.getByRole('alert').filter({ hasText: 'A title has 1 to 200' }).waitFor();
      await this.report.shot(page, 'incident-report');
      this.quiet();
    });

    await this.step('an incident is reported by the keyboard', async () => {
      await dialog.getByLabel('What is wrong').focus();
      await page.keyboard.type(TITLE);
      await page.keyboard.press('Tab');
      await page.keyboard.type('Since noon.');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: TITLE, level: 1 }).waitFor();
      await this.entry('Reported').filter({ hasText: 'Since noon.' }).waitFor();
      this.id = await this.here();
      this.quiet();
    });

    await this.step('a second report leads to the one that is open', async () => {
      await this.open(`#/website/${this.site.id}`);
      await page.getByRole('table', { name: 'Incidents' }).getByRole('link', { name: TITLE })
        .waitFor();
      await page.getByRole('button', { name: 'Report an incident' }).click();
      await dialog.getByLabel('What is wrong').fill('Again');
      this.complaints.allow(409);
      await dialog.getByRole('button', { name: 'Report incident' }).click();
      await dialog.getByRole('alert').filter({ hasText: 'is open already' }).waitFor();
      await dialog.getByRole('link', { name: 'Show the open one' }).click();
      await page.getByRole('heading', { name: TITLE, level: 1 }).waitFor();
      check(await this.here() === this.id, 'it leads elsewhere');
      this.quiet();
    });
  }

  async cared() {
    const { page } = this;

    await this.step('it is acknowledged, once', async () => {
      await page.getByRole('button', { name: 'Acknowledge' }).focus();
      await page.keyboard.press('Enter');
      await this.entry('Acknowledged').waitFor();
      await this.state.locator('.chip').filter({ hasText: 'Acknowledged' }).waitFor();
      await this.open('#/incidents');
      await page.locator(`tr[data-id="${this.id}"]`).filter({ hasText: 'Acknowledged' }).waitFor();
      await page.goBack();
      await this.entry('Acknowledged').waitFor();
      await until('the button is gone', async () =>
        await page.getByRole('button', { name: 'Acknowledge' }).count() === 0);
      this.quiet();
    });

    await this.step('only a member takes care of it', async () => {
      const who = page.getByLabel('Who takes care of it');

      this.complaints.allow(422);
      await who.fill('nobody@example.org');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').filter({ hasText: 'Nobody of this organisation' }).waitFor();
      this.quiet();
      if (member === '')
        return;
      await who.fill(member);
      await page.keyboard.press('Enter');
      await this.entry(`Assigned to ${member}`).waitFor();
      check(await page.getByRole('alert').count() === 0, 'the refusal is still shown');
      await who.fill('');
      await page.keyboard.press('Enter');
      await this.entry('Assigned to nobody').waitFor();
      this.quiet();
    });

    await this.step('an empty note is refused, and nothing is lost', async () => {
      this.complaints.allow(422);
      await page.getByRole('button', { name: 'Add note' }).click();
      await page.getByRole('alert').filter({ hasText: 'A note has 1 to 2000' }).waitFor();
      this.quiet();
    });

    await this.step('what others note appears without a reload', async () => {
      await page.evaluate(() => { window.loadedOnce = 'incident'; });
      await act(`incident/${this.id}/note`, { text: 'Two lines,\n<b>as they are</b>.' });
      await this.entry('<b>as they are</b>.').waitFor();
      check(await page.evaluate(() => window.loadedOnce === 'incident'), 'it was loaded again');
      await this.report.shot(page, 'incident', { fullPage: true });
      this.quiet();
    });

    await this.step('a note that cannot be sent stays in its field', async () => {
      await page.getByLabel('Note').fill('Kept.');
      await page.route('**/note', (route) => route.abort());
      await page.getByRole('button', { name: 'Add note' }).click();
      await page.getByRole('alert').filter({ hasText: 'cannot be reached' }).waitFor();
      check(await page.getByLabel('Note').inputValue() === 'Kept.', 'the note is lost');
      await page.unroute('**/note');
      this.complaints.take();
      await page.getByRole('button', { name: 'Add note' }).click();
      await this.entry('Kept.').waitFor();
      check(await page.getByRole('alert').count() === 0, 'the refusal is still shown');
      this.quiet();
    });

    await this.step('it is resolved, and still tells its story', async () => {
      await page.getByRole('button', { name: 'Resolve' }).click();
      await this.state.locator('.pill').filter({ hasText: 'Closed' }).waitFor();
      await this.entry('Resolved').waitFor();
      await this.open('#/incidents');
      await page.locator(`tr[data-id="${this.id}"][data-open="false"]`)
        .getByRole('link', { name: TITLE }).waitFor();
      this.quiet();
    });
  }

  async none() {
    await this.step('an incident that is none is said to be none', async () => {
      this.complaints.allow(404);
      await this.open('#/incident/00000000-0000-0000-0000-000000000000');
      await this.page.getByRole('heading', { name: 'There is no such incident' }).waitFor();
      await this.page.getByRole('link', { name: 'All incidents' }).last().click();
      await this.page.getByRole('heading', { name: 'Incidents', level: 1 }).waitFor();
      this.quiet();
    });
  }
}

/* The id of an incident with a story. */
export async function incidentSteps(stage) {
  const incidents = new Incidents(stage);

  await incidents.judged();
  await incidents.reported();
  await incidents.cared();
  await incidents.none();
  return incidents.id;
}
