/* One website in the list. It reads its own signal, so a tick redraws this row only. */
import type { JSX } from 'preact';
import type { Signal } from '@preact/signals';
import { formatLatency, formatUptime, siteTitle } from '../format';
import { websiteHref } from '../route';
import { BEATS } from '../store';
import type { Website } from '../types';
import { FlappingChip } from './flapping-chip';
import { Heartbeat } from './heartbeat';
import { Icon } from './icons';
import { StatePill } from './state-pill';
import { Ago } from './time';

interface Props {
  site: Signal<Website>;
  index: number;
  top: number;
  height: number;
  onRemove: (site: Website) => void;
}

export function SiteRow({ site, index, top, height, onRemove }: Props): JSX.Element {
  const {
    id, url, name, tags = [], state, flappingUntil, beats, uptime24h, latencyMs, lastChecked,
  } = site.value;
  const title = siteTitle({ url, name: name ?? null });

  return (
    <div
      class="site-row" role="row" aria-rowindex={index + 2} data-state={state} data-id={id}
      style={{ top: `${top}px`, height: `${height}px` }}
    >
      <span role="cell" class="cell-state">
        <StatePill state={state} /><FlappingChip until={flappingUntil} />
      </span>
      <span role="cell" class="cell-name">
        <a href={websiteHref(id)}>{title}</a>
        {(name || tags.length > 0) && (
          <span class="url">
            {tags.map((tag) => <span key={tag} class="chip tag">{tag}</span>)}{name && url}
          </span>
        )}
      </span>
      <span role="cell" class="cell-beats"><Heartbeat beats={beats} slots={BEATS} /></span>
      <span role="cell" class="cell-uptime number">{formatUptime(uptime24h)}</span>
      <span role="cell" class="cell-latency number">{formatLatency(latencyMs)}</span>
      <span role="cell" class="cell-checked"><Ago at={lastChecked} /></span>
      <span role="cell" class="cell-remove">
        <button
          type="button" class="icon-button" aria-label={`Remove ${title}`} title="Remove"
          onClick={() => onRemove(site.peek())}
        >
          <Icon name="trash" />
        </button>
      </span>
    </div>
  );
}
