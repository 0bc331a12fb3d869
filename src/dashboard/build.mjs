/* Bundles the dashboard into $DPIN_DASHBOARD_OUT: index.html, app-HASH.js and app-HASH.css.
 * The hash is of the content, so the server may let browsers keep both files for ever. */
import { build } from 'esbuild';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.env.DPIN_DASHBOARD_OUT || join(here, '../../build/dashboard'));

async function removeOldBundles() {
  await mkdir(out, { recursive: true });
  for (const name of await readdir(out))
    if (/^app-[0-9A-Z]+\.(js|css)$/.test(name))
      await rm(join(out, name));
}

async function bundle() {
  const result = await build({
    absWorkingDir: here,
    entryPoints: { app: 'main.tsx' },
    entryNames: '[name]-[hash]',
    outdir: out,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2021'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    metafile: true,
  });
  return Object.keys(result.metafile.outputs).map((path) => basename(path));
}

async function writePage(names) {
  const pick = (ext) => {
    const name = names.find((n) => n.endsWith(ext));
    if (!name)
      throw new Error(`the bundle has no ${ext} file`);
    return name;
  };
  const template = await readFile(join(here, 'index.html'), 'utf8');
  const page = template.replace('%APP_JS%', pick('.js')).replace('%APP_CSS%', pick('.css'));
  await writeFile(join(out, 'index.html'), page);
}

await removeOldBundles();
const names = await bundle();
await writePage(names);
console.log(`dashboard: ${names.join(', ')} in ${out}`);
