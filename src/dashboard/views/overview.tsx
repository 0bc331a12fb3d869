/* All websites: counts, search, add, and the list. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { Dialog } from '../components/dialog';
import { Icon } from '../components/icons';
import { useMedia } from '../components/media';
import { Empty, ErrorNotice, Loading } from '../components/notice';
import { RemoveDialog } from '../components/remove-dialog';
import { SiteForm } from '../components/site-form';
import { SiteRow } from '../components/site-row';
import { Summary } from '../components/summary';
import { Windowed } from '../components/windowed';
import { feed } from '../feed';
import { plural, siteTitle } from '../format';
import { severity } from '../states';
import type { State, Website } from '../types';

type Sort = 'worst' | 'name';

const COLUMNS = ['State', 'Website', 'Last checks', 'Uptime 24 h', 'Latency', 'Checked'];
const ROW_REM = 4;
const ROW_REM_NARROW = 7.25;

function select(sites: Website[], text: string, state: State | null, sort: Sort): string[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = sites.filter((site) => {
    const heap = [site.name ?? '', site.url, ...site.tags ?? []].join(' ').toLowerCase();
    return (state === null || site.state === state) && words.every((word) => heap.includes(word));
  });
  const byName = (a: Website, b: Website): number => siteTitle(a).localeCompare(siteTitle(b));

  wanted.sort(sort === 'name' ? byName
    : (a, b) => severity(a.state) - severity(b.state) || byName(a, b));
  return wanted.map((site) => site.id);
}

function remToPx(rem: number): number {
  return rem * parseFloat(getComputedStyle(document.documentElement).fontSize);
}

function SiteList(
  { ids, onRemove }: { ids: string[]; onRemove: (site: Website) => void },
): JSX.Element {
  const narrow = useMedia('(max-width: 56rem)');
  const rowHeight = remToPx(narrow ? ROW_REM_NARROW : ROW_REM);

  return (
    <div class="card site-list" role="table" aria-label="Websites" aria-rowcount={ids.length + 1}>
      <div role="rowgroup">
        <div class="site-head" role="row" aria-rowindex={1}>
          {COLUMNS.map((name) => <span key={name} role="columnheader">{name}</span>)}
          <span role="columnheader"><span class="hidden">Remove</span></span>
        </div>
      </div>
      <Windowed
        items={ids} rowHeight={rowHeight}
        row={(id, index, top) => {
          const site = feed.sites.get(id);
          return site ? (
            <SiteRow
              key={id} site={site} index={index} top={top} height={rowHeight} onRemove={onRemove}
            />
          ) : <div key={id} role="row" />;
        }}
      />
    </div>
  );
}

function NoSites(): JSX.Element {
  return (
    <div class="card first-site">
      <Empty title="Watch your first website">
        <p>
          Give an address. Independent validators check it at once, and a quorum of them decides
          whether it is up.
        </p>
      </Empty>
      <SiteForm onDone={() => undefined} />
    </div>
  );
}

interface ToolbarProps {
  text: string;
  onText: (text: string) => void;
  sort: Sort;
  onSort: (sort: Sort) => void;
}

function Toolbar({ text, onText, sort, onSort }: ToolbarProps): JSX.Element {
  return (
    <div class="toolbar">
      <label class="search">
        <span class="hidden">Search websites</span>
        <Icon name="search" />
        <input
          type="search" value={text} placeholder="Search"
          onInput={(event) => onText(event.currentTarget.value)}
        />
      </label>
      <label class="sort">
        <span class="hidden">Order</span>
        <select
          value={sort}
          onChange={(event) => onSort(event.currentTarget.value === 'name' ? 'name' : 'worst')}
        >
          <option value="worst">Worst first</option>
          <option value="name">By name</option>
        </select>
      </label>
    </div>
  );
}

export function Overview(): JSX.Element {
  const [text, setText] = useState('');
  const [state, setState] = useState<State | null>(null);
  const [sort, setSort] = useState<Sort>('worst');
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Website | null>(null);
  const version = feed.sites.version.value;
  const ids = useMemo(
    () => select(feed.sites.all(), text, state, sort), [version, text, state, sort]);
  const total = feed.sites.size.value;
  const ready = feed.loading.value === 'ready';

  return (
    <>
      <div class="page-head">
        <div>
          <h1 tabIndex={-1}>Websites</h1>
          {ready && (
            <p class="muted">{plural(total, 'website')} watched by independent validators</p>
          )}
        </div>
        {total > 0 && (
          <button type="button" class="button button-primary" onClick={() => setAdding(true)}>
            <Icon name="plus" />Add website
          </button>
        )}
      </div>
      {feed.error.value && (
        <ErrorNotice error={new Error(feed.error.value)} retry={() => void feed.reload()} />
      )}
      {feed.loading.value === 'loading' && <Loading what="websites" />}
      {total > 0 && <Summary chosen={state} onChoose={setState} />}
      {total > 0 && <Toolbar text={text} onText={setText} sort={sort} onSort={setSort} />}
      {ready && total === 0 && <NoSites />}
      {total > 0 && ids.length === 0 && (
        <div class="card"><Empty title="No website matches">
          <button
            type="button" class="button"
            onClick={() => { setText(''); setState(null); }}
          >
            Show all
          </button>
        </Empty></div>
      )}
      {ids.length > 0 && <SiteList ids={ids} onRemove={setRemoving} />}
      {adding && (
        <Dialog title="Add a website" onClose={() => setAdding(false)}>
          <SiteForm onDone={() => setAdding(false)} onCancel={() => setAdding(false)} />
        </Dialog>
      )}
      {removing && <RemoveDialog site={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}
