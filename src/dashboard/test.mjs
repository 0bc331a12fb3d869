/* Tests the pure modules: bundles test/*.mjs (they import TypeScript) and hands them to node. */
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = await mkdtemp(join(tmpdir(), 'dpin-dashboard-'));

try {
  const names = (await readdir(join(here, 'test'))).filter((name) => name.endsWith('.mjs'));
  await build({
    absWorkingDir: here,
    entryPoints: names.map((name) => join('test', name)),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  const files = names.map((name) => join(out, name));
  const run = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' });
  process.exitCode = run.status ?? 1;
} finally {
  await rm(out, { recursive: true });
}
