/* What the browser test stands on: Chromium, named steps, conditions that are awaited, and a
 * watch on everything the browser complains about. */
import { chromium } from 'playwright-core';
import { createRequire } from 'node:module';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const CHROMIUM_ARGS = [
  '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export function setting(name, fallback) {
  const value = process.env[name] || fallback;

  if (value === undefined) {
    console.error(`${name} is not set`);
    process.exit(2);
  }
  return value;
}

export const TIMEOUT_MS = Number(setting('DPIN_TIMEOUT', '60')) * 1_000;

export function launch() {
  return chromium.launch({
    executablePath: setting('DPIN_CHROMIUM', '/usr/bin/chromium'), args: CHROMIUM_ARGS,
  });
}

/* Fails with `message` (or what `message()` says then) unless the condition is met. */
export function check(condition, message) {
  if (!condition)
    throw new Error(typeof message === 'function' ? message() : message);
}

/* Asks again until the answer is truthy. */
export async function until(what, ask, timeout = TIMEOUT_MS) {
  const end = Date.now() + timeout;

  for (;;) {
    const answer = await ask();
    if (answer)
      return answer;
    check(Date.now() < end, `timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/* Runs steps one after the other and counts; after a failed one, and its picture, the next runs. */
export class Report {
  passed = 0;
  failed = 0;

  constructor(shots) {
    this.shots = shots;
  }

  async step(name, page, action) {
    const start = Date.now();

    try {
      await action();
      this.passed++;
      console.log(`ok ${name} (${((Date.now() - start) / 1_000).toFixed(1)} s)`);
    } catch (error) {
      this.failed++;
      console.log(`not ok ${name}`);
      console.log(String(error?.message ?? error).replace(/^/gm, '# '));
      await this.shot(page, `failed-${this.failed}`).catch(() => undefined);
    }
  }

  async shot(page, name, options = {}) {
    if (!this.shots)
      return;
    await mkdir(this.shots, { recursive: true });
    await page.screenshot({ path: join(this.shots, `${name}.png`), ...options });
  }

  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 ? 0 : 1;
  }
}

/* Collects errors of the console, exceptions and refusals by the content security policy. */
export class Complaints {
  list = [];
  allowed = [];

  async watch(page) {
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        console.error(`CSP refused ${event.violatedDirective}: ${event.blockedURI}`);
      });
    });
    page.on('pageerror', (error) => this.add(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        this.add(message.text());
    });
  }

  /* The browser reports every 4xx as an error; a test that provokes one says so first. */
  allow(status) {
    this.allowed.push(new RegExp(`Failed to load resource.*status of ${status}\\b`));
  }

  add(text) {
    const at = this.allowed.findIndex((pattern) => pattern.test(text));

    if (at < 0)
      this.list.push(text);
    else
      this.allowed.splice(at, 1);
  }

  /* What came since the last call; what was allowed but did not come is allowed no longer. */
  take() {
    this.allowed = [];
    return this.list.splice(0);
  }
}

const axeSource = await readFile(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/* The serious and critical findings of axe-core for what is on screen, one line each. */
export async function seriousFindings(page) {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const found = await axe.run(document, { preload: false });
    return found.violations.map(({ id, impact, nodes }) => (
      { id, impact, where: nodes.slice(0, 3).map((node) => node.target.join(' ')) }));
  });

  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, where }) => `${impact}: ${id} at ${where.join('; ')}`);
}
