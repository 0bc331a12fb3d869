/* Asks for a token when there is none, or the one there was is refused. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Logo } from '../components/icons';
import { ThemeButton } from '../components/header';
import { refusal, signIn } from '../session';

export function SignIn(): JSX.Element {
  const id = useId();
  const [value, setValue] = useState('');

  const submit = (event: JSX.TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (value.trim() !== '')
      signIn(value.trim());
  };

  return (
    <main class="sign-in">
      <div class="sign-in-theme"><ThemeButton /></div>
      <div class="card">
        <div class="sign-in-brand"><Logo /><h1>dpin</h1></div>
        <p class="muted">Uptime, decided by a quorum of independent validators.</p>
        <form class="form" onSubmit={submit}>
          <label for={id}>Access token</label>
          <input
            id={id} name="token" type="password" required autoFocus autoComplete="off"
            spellcheck={false} placeholder="dpin_…" value={value}
            aria-invalid={refusal.value !== null} aria-describedby={`${id}-error ${id}-hint`}
            onInput={(event) => setValue(event.currentTarget.value)}
          />
          <div id={`${id}-error`} role="alert">
            {refusal.value && <p class="notice notice-error">{refusal.value}</p>}
          </div>
          <button type="submit" class="button button-primary">Sign in</button>
          <p id={`${id}-hint`} class="muted small">
            Make one with <code>dpinctl token create</code>. It stays in this tab only.
          </p>
        </form>
      </div>
    </main>
  );
}
