/* The bar on top: brand, views, whether what is shown is live, theme, sign-out. */
import type { JSX } from 'preact';
import { connection, type Connection } from '../live';
import { route } from '../route';
import { signOut } from '../session';
import { chooseTheme, nextTheme, theme, type Theme } from '../theme';
import { Icon, Logo, type IconName } from './icons';

const VIEWS = [
  { view: 'overview', href: '#/', label: 'Websites' },
  { view: 'validators', href: '#/validators', label: 'Validators' },
  { view: 'incidents', href: '#/incidents', label: 'Incidents' },
  { view: 'alerts', href: '#/alerts', label: 'Alerts' },
] as const;

const CONNECTION_TEXT: Record<Connection, string> = {
  connecting: 'Connecting…', live: 'Live', reconnecting: 'Reconnecting…',
};

const THEME_ICON: Record<Theme, IconName> = { system: 'system', light: 'sun', dark: 'moon' };

function LiveIndicator(): JSX.Element {
  return (
    <span class="live" data-connection={connection.value} role="status">
      <span class="live-dot" aria-hidden="true" />
      {CONNECTION_TEXT[connection.value]}
    </span>
  );
}

export function ThemeButton(): JSX.Element {
  const next = nextTheme(theme.value);
  const label = `Theme: ${theme.value}. Change to ${next}`;

  return (
    <button
      type="button" class="icon-button" aria-label={label} title={label}
      onClick={() => chooseTheme(next)}
    >
      <Icon name={THEME_ICON[theme.value]} />
    </button>
  );
}

function Views(): JSX.Element {
  const { view } = route.value;
  const current = view === 'website' ? 'overview' : view === 'incident' ? 'incidents' : view;

  return (
    <nav class="views" aria-label="Views">
      {VIEWS.map(({ view: name, href, label }) => (
        <a key={name} href={href} {...(name === current ? { 'aria-current': 'page' } : {})}>
          {label}
        </a>
      ))}
    </nav>
  );
}

export function Header({ skipTo }: { skipTo: () => void }): JSX.Element {
  return (
    <header class="header">
      <button type="button" class="skip" onClick={skipTo}>Skip to content</button>
      <div class="header-inner">
        <a class="brand" href="#/" aria-label="dpin, overview"><Logo /><span>dpin</span></a>
        <Views />
        <div class="header-tools">
          <LiveIndicator />
          <ThemeButton />
          <button
            type="button" class="icon-button" aria-label="Sign out" title="Sign out"
            onClick={() => signOut()}
          >
            <Icon name="exit" />
          </button>
        </div>
      </div>
    </header>
  );
}
