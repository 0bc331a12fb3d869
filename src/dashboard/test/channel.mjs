import assert from 'node:assert/strict';
import test from 'node:test';
import {
  alertTitle, channelBody, channelChange, channelState, channelTarget, channelWishes,
} from '../channel';
import { parseRoute } from '../route';

const empty = channelWishes(null, 'Europe/Berlin');

test('a channel has what was typed, and defaults are not sent', () => {
  assert.deepEqual(channelBody({ ...empty, name: 'Ops', url: 'https://x.example/' }), {
    kind: 'webhook', name: 'Ops', settings: { url: 'https://x.example/' }, filter: {}, rules: {},
  });
  assert.deepEqual(
    channelBody({ ...empty, kind: 'email', to: 'a@x.example, b@x.example;c@x.example ' }).settings,
    { to: ['a@x.example', 'b@x.example', 'c@x.example'] });
});

test('every kind has settings of its own', () => {
  const typed = {
    ...empty, url: 'https://x.example/', user: 'ann', password: 'p', token: 't', subject: 'S',
    text: 'T', to: 'a@x.example',
  };
  const texts = { subject: 'S', text: 'T' };

  assert.deepEqual(channelBody(typed).settings, { url: typed.url });
  assert.deepEqual(channelBody({ ...typed, kind: 'email' }).settings, { to: [typed.to], ...texts });
  assert.deepEqual(channelBody({ ...typed, kind: 'alertmanager', token: '' }).settings,
    { url: typed.url, user: 'ann', password: 'p', ...texts });
  assert.deepEqual(channelBody({ ...typed, kind: 'apprise' }).settings,
    { url: typed.url, ...texts });
  assert.deepEqual(channelBody({ ...empty, kind: 'apprise' }).settings, { url: '' });
});

test('settings are sent only if they change: what is secret in them would be lost', () => {
  const channel = {
    kind: 'alertmanager', name: 'Ops', settings: { url: 'https://x.example/', user: 'ann' },
    sealed: true, filter: {}, rules: {},
  };
  const wishes = channelWishes(channel, 'Europe/Berlin');

  assert.deepEqual(channelChange({ ...wishes, name: 'New', perHour: '5' }, channel),
    { name: 'New', filter: {}, rules: { perHour: 5 } });
  assert.deepEqual(channelChange({ ...wishes, password: 'p' }, channel).settings,
    { url: 'https://x.example/', user: 'ann', password: 'p' });
});

test('a filter has websites and tags, quiet hours have days and what is told nevertheless', () => {
  const { rules, filter } = channelBody({
    ...empty, websites: ['w'], tags: 'prod, team-web', digestFrom: '0', quietFrom: '22:00',
    quietTo: '07:00', days: ['sat', 'sun'], except: ['down'],
  });

  assert.deepEqual(filter, { websites: ['w'], tags: ['prod', 'team-web'] });
  assert.deepEqual(rules, {
    digestFrom: 0,
    quietHours: {
      from: '22:00', to: '07:00', timeZone: 'Europe/Berlin', days: ['sat', 'sun'],
      except: ['down'],
    },
  });
});

test('rules are told in the units of the API', () => {
  const { rules, filter } = channelBody({
    ...empty, recovery: false, delay: '5', reminder: '1.5', quietFrom: '22:00', quietTo: '07:00',
    perHour: '10', events: ['incident.opened'], severities: ['down'],
  });

  assert.deepEqual(rules, {
    recovery: false, delaySeconds: 300, reminderSeconds: 90, perHour: 10,
    quietHours: { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin' },
  });
  assert.deepEqual(filter, { events: ['incident.opened'], severities: ['down'] });
});

test('what is no number is sent as it is, for the server to refuse', () => {
  assert.deepEqual(channelBody({ ...empty, perHour: 'many' }).rules, { perHour: 'many' });
});

test('a change keeps what the form does not show, and takes away what was emptied', () => {
  const channel = {
    kind: 'email', name: 'Ops', settings: { to: ['a@x.example'], subject: 'S' },
    filter: { kinds: ['certificate'], events: ['incident.opened'] },
    rules: {
      later: 3, delaySeconds: 60,
      quietHours: { from: '1:00', to: '2:00', timeZone: 'UTC', days: ['mon'], more: 1 },
    },
  };
  const wishes = channelWishes(channel, 'Europe/Berlin');

  assert.deepEqual(channelBody(wishes, channel), channel);
  assert.deepEqual(channelBody({ ...wishes, events: [], delay: '' }, channel), {
    ...channel, filter: { kinds: ['certificate'] },
    rules: { later: 3, quietHours: channel.rules.quietHours },
  });
});

test('a channel is disabled, failing or working, and leads somewhere', () => {
  assert.equal(channelState({ enabled: false, failures: 3 }), 'disabled');
  assert.equal(channelState({ enabled: true, failures: 1 }), 'failing');
  assert.equal(channelState({ enabled: true, failures: 0 }), 'working');
  assert.equal(channelTarget({ settings: { to: ['a@b', 'c@d'] } }), 'a@b, c@d');
  assert.equal(channelTarget({ settings: { url: 'https://x/' } }), 'https://x/');
  assert.equal(channelTarget({ settings: {} }), '');
});

test('alerts are called by what they tell', () => {
  assert.equal(alertTitle('incident.opened'), 'Incident opened');
  assert.equal(alertTitle('some.new'), 'some new');
  assert.deepEqual(parseRoute('#/alerts'), { view: 'alerts' });
  assert.deepEqual(parseRoute('#/alerts/x'), { view: 'nowhere' });
});
