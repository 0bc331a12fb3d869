/* That a verdict changes too often to be told of each change; nothing when it does not. */
import type { JSX } from 'preact';

const MEANING = 'Its verdict changes so often that one incident stays open for all of it.';

export function FlappingChip({ until }: { until: string | null | undefined }): JSX.Element | null {
  return until ? <span class="chip" data-flapping title={MEANING}>Flapping</span> : null;
}
