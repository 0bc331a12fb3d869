/* One channel of alerts: how it is, and what can be done with it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import * as api from '../api';
import { channelState, channelTarget, KINDS, type ChannelState } from '../channel';
import { plural } from '../format';
import { words } from '../incident-text';
import { useInterval } from '../resource';
import type { AlertWhole, Channel, State } from '../types';
import { AskDialog, SecretDialog } from './channel-dialogs';
import { ChannelForm } from './channel-form';
import { Dialog } from './dialog';
import { StateIcon } from './icons';
import { ErrorNotice } from './notice';
import { Ago } from './time';

interface Props {
  channel: Channel;
  onChange: () => void;
}

const COLOUR: Record<ChannelState, State> = { disabled: 'DOWN', failing: 'PARTIAL', working: 'UP' };
const LABEL: Record<ChannelState, string> = {
  disabled: 'Disabled', failing: 'Failing', working: 'Enabled',
};
const POLL_MS = 1_000;

function Condition({ channel }: { channel: Channel }): JSX.Element {
  const state = channelState(channel);

  return (
    <div class="state-line" aria-live="polite">
      <span class="pill" data-state={COLOUR[state]}>
        <StateIcon state={COLOUR[state]} />{LABEL[state]}
      </span>
      {state === 'disabled' && channel.disabledReason && <span>{channel.disabledReason}</span>}
      {state === 'failing' && <span>first failed <Ago at={channel.failingSince} /></span>}
      {channel.waiting > 0 && <span class="chip">{plural(channel.waiting, 'alert')} waiting</span>}
      {channel.refused > 0 && <span class="chip">{channel.refused} refused: too many waited</span>}
    </div>
  );
}

function testText(alert: AlertWhole | null): string {
  if (!alert || (alert.state === 'pending' && alert.tries === 0))
    return 'The test is on its way…';
  if (alert.state === 'delivered')
    return `The test was delivered in ${alert.deliveries.at(-1)?.tookMs ?? 0} ms.`;
  return `The test failed: ${alert.error ?? alert.state}.`
    + (alert.state === 'pending' ? ' It is tried again.' : '');
}

/* Asks what became of the test until that is known. */
function TestResult({ id, onDone }: { id: string; onDone: () => void }): JSX.Element {
  const [alert, setAlert] = useState<AlertWhole | null>(null);
  const [over, setOver] = useState(false);

  useInterval(() => {
    if (over)
      return;
    api.alert(id).then((answer) => {
      setAlert(answer);
      if (answer.state !== 'pending') {
        setOver(true);
        onDone();
      }
    }, () => undefined);
  }, POLL_MS);
  return <p class="test-result" role="status">{testText(alert)}</p>;
}

type Open = 'change' | 'remove' | 'rotate' | null;

function Dialogs({ channel, open, onSecret, onClose }: {
  channel: Channel; open: Open; onSecret: (secret: string) => void; onClose: () => void;
}): JSX.Element | null {
  switch (open) {
    case 'change':
      return (
        <Dialog title={`Change ${channel.name}`} onClose={onClose}>
          <ChannelForm channel={channel} onDone={onClose} onCancel={onClose} />
        </Dialog>
      );
    case 'remove':
      return (
        <AskDialog
          title={`Remove ${channel.name}?`} action="Remove channel" danger onClose={onClose}
          text="Nothing is told there any more, and what waits is dropped."
          run={() => api.removeChannel(channel.id).then(onClose)}
        />
      );
    case 'rotate':
      return (
        <AskDialog
          title={`A new secret for ${channel.name}?`} action="Make a new secret"
          text="The one of now stays good for a day, so that its receiver can learn the new one."
          onClose={onClose}
          run={async () => {
            const secret = await api.rotateChannel(channel.id);
            onClose();
            onSecret(secret);
          }}
        />
      );
    default: return null;
  }
}

export function ChannelCard({ channel, onChange }: Props): JSX.Element {
  const [open, setOpen] = useState<Open>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const [test, setTest] = useState<string | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const settable = KINDS.some(([kind]) => kind === channel.kind);

  const run = async (deed: () => Promise<void>): Promise<void> => {
    try {
      await deed();
      setError(null);
    } catch (caught) {
      setError(caught instanceof Error ? caught : new Error(String(caught)));
    }
    onChange();
  };
  const close = (): void => {
    setOpen(null);
    onChange();
  };

  return (
    <li class="channel" data-id={channel.id}>
      <div>
        <h3>{channel.name}</h3>
        <p class="small"><span class="chip">{words(channel.kind)}</span>{' '}
          <span class="url">{channelTarget(channel)}</span></p>
        <Condition channel={channel} />
      </div>
      <div class="channel-buttons">
        {channel.enabled
          ? (
            <button
              type="button" class="button" aria-label={`Test ${channel.name}`}
              onClick={() => void run(async () => setTest(await api.testChannel(channel.id)))}
            >
              Test
            </button>
          ) : (
            <button
              type="button" class="button button-primary" aria-label={`Enable ${channel.name}`}
              onClick={() => void run(() => api.enableChannel(channel.id))}
            >
              Enable
            </button>
          )}
        {settable && (
          <button
            type="button" class="button" aria-label={`Change ${channel.name}`}
            onClick={() => setOpen('change')}
          >
            Change
          </button>
        )}
        {channel.kind === 'webhook' && (
          <button
            type="button" class="button" aria-label={`New secret for ${channel.name}`}
            onClick={() => setOpen('rotate')}
          >
            New secret
          </button>
        )}
        <button
          type="button" class="button" aria-label={`Remove ${channel.name}`}
          onClick={() => setOpen('remove')}
        >
          Remove
        </button>
      </div>
      {test && <TestResult key={test} id={test} onDone={onChange} />}
      {error && <ErrorNotice error={error} />}
      <Dialogs channel={channel} open={open} onSecret={setSecret} onClose={close} />
      {secret && <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
    </li>
  );
}
