/* Chooses what to show: the token form, or the frame with the view the address names. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Header } from './components/header';
import { Empty } from './components/notice';
import { tip, Tooltip } from './components/tooltip';
import { feed } from './feed';
import { route, type Route } from './route';
import { token } from './session';
import { pageTitle } from './tab';
import { Alerts } from './views/alerts';
import { IncidentView } from './views/incident';
import { Incidents } from './views/incidents';
import { Overview } from './views/overview';
import { SignIn } from './views/sign-in';
import { Validators } from './views/validators';
import { WebsiteView } from './views/website';

const TITLES: Record<Route['view'], string> = {
  overview: 'Websites', website: 'Website', validators: 'Validators', incidents: 'Incidents',
  incident: 'Incident', alerts: 'Alerts', nowhere: 'Not found',
};

function View({ at }: { at: Route }): JSX.Element {
  switch (at.view) {
    case 'overview': return <Overview />;
    case 'website': return <WebsiteView key={at.id} id={at.id} />;
    case 'validators': return <Validators />;
    case 'incident': return <IncidentView key={at.id} id={at.id} />;
    case 'incidents': return <Incidents />;
    case 'alerts': return <Alerts />;
    default: return <Empty title="There is no such page"><a href="#/">All websites</a></Empty>;
  }
}

function Frame(): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const shownBefore = useRef(false);
  const at = route.value;

  /* A new view starts at its heading, for the keyboard and the screen reader too. */
  useEffect(() => {
    pageTitle.value = TITLES[at.view];
    tip.value = null;
    if (shownBefore.current)
      main.current?.querySelector('h1')?.focus({ preventScroll: true });
    shownBefore.current = true;
  }, [at]);
  return (
    <>
      <Header skipTo={() => main.current?.focus()} />
      <main ref={main} class="main" tabIndex={-1}><View at={at} /></main>
      <Tooltip />
    </>
  );
}

export function App(): JSX.Element {
  const current = token.value;

  useEffect(() => {
    if (current === null) {
      pageTitle.value = 'Sign in';
      return undefined;
    }
    feed.start();
    return () => feed.stop();
  }, [current]);
  return current === null ? <SignIn /> : <Frame key={current} />;
}
