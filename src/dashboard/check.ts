/* What a check asks of the answer: the form's fields as the API takes them, and a check in
 * sentences. Pure. */
import type { Assertion, Check, CheckKind } from './types';

const SCHEMES: readonly [RegExp, CheckKind][] = [
  [/^tcp:/i, 'tcp'], [/^tls:/i, 'tls'], [/^dns:/i, 'dns'], [/^icmp:/i, 'icmp'],
  [/^push:/i, 'push'],
];

export function kindOf(url: string): CheckKind {
  return SCHEMES.find(([scheme]) => scheme.test(url))?.[1] ?? 'http';
}

/* Which fields of the form go with which kind. */
export const CHECK_FIELDS = {
  method: ['http'],
  status: ['http'],
  contains: ['http', 'tcp', 'dns'],
  lacks: ['http'],
  certificateDays: ['http', 'tls'],
} as const satisfies Record<string, readonly CheckKind[]>;

export type CheckField = keyof typeof CHECK_FIELDS;
export type CheckWishes = Partial<Record<CheckField, string>> & { invert?: boolean };

export function goesWith(field: CheckField, kind: CheckKind): boolean {
  return (CHECK_FIELDS[field] as readonly CheckKind[]).includes(kind);
}

function assertionsOf(kind: CheckKind, contains: string, lacks: string): Assertion[] {
  const source = kind === 'dns' ? 'answer' : 'body';
  const all: Assertion[] = [];

  if (contains !== '')
    all.push({ source, operator: 'contains', value: contains });
  if (lacks !== '')
    all.push({ source, operator: 'not_contains', value: lacks });
  return all;
}

/* Undefined: nothing was asked for beyond what every check asks. */
export function checkOf(url: string, wishes: CheckWishes): Check | undefined {
  const kind = kindOf(url);
  const wish = (field: CheckField): string => goesWith(field, kind) ? wishes[field] ?? '' : '';
  const contains = wish('contains');
  const check: Check = {};

  if (wishes.invert)
    check.invert = true;
  if (wish('method') !== '')
    check.method = wish('method');
  if (wish('status') !== '')
    check.status = wish('status');
  if (wish('certificateDays') !== '')
    check.certificateDays = Number(wish('certificateDays'));
  if (kind === 'tcp' && contains !== '')
    check.expect = contains;
  if (kind !== 'tcp' && (contains !== '' || wish('lacks') !== ''))
    check.assertions = assertionsOf(kind, contains, wish('lacks'));
  return Object.keys(check).length > 0 ? check : undefined;
}

const OPERATORS: Record<string, string> = {
  equals: 'is', not_equals: 'is not', contains: 'contains', not_contains: 'does not contain',
  matches: 'matches', not_matches: 'does not match', exists: 'is there',
  not_exists: 'is not there', less_than: 'is less than', greater_than: 'is greater than',
};

function subject({ source, property }: Assertion): string {
  switch (source) {
    case 'header':
      return `The header ${property}`;
    case 'json':
      return `The value at ${property}`;
    case 'answer':
      return 'A record of the answer';
    default:
      return 'The body';
  }
}

function assertionSentence(a: Assertion): string {
  const value = a.value === undefined ? '' : ` “${a.value}”`;

  return `${subject(a)} ${OPERATORS[a.operator] ?? a.operator}${value}.`;
}

/* Only what differs from a plain look at the URL. */
export function checkSentences(check: Check): string[] {
  const says = (told: unknown, sentence: string): string[] => told ? [sentence] : [];
  const plain = check.method === undefined || check.method === 'GET';

  return [
    ...says(check.invert, 'A failure is what is expected.'),
    ...says(!plain, `The method is ${check.method}.`),
    ...says(check.status, `The status is one of ${check.status}.`),
    ...says(check.redirects === 0, 'Redirects are not followed.'),
    ...says(check.headers?.length, `Headers are sent: ${
      check.headers?.map(({ name }) => name).join(', ')}.`),
    ...says(check.body, 'A body is sent.'),
    ...(check.assertions ?? []).map(assertionSentence),
    ...says(check.certificateDays,
      `The certificate is good for ${check.certificateDays} days more.`),
    ...says(check.tlsMin, `TLS is ${check.tlsMin} or newer.`),
    ...says(check.httpVersion, `HTTP is ${check.httpVersion}.`),
    ...says(check.send, `Sent is “${check.send}”.`),
    ...says(check.expect, `What comes contains “${check.expect}”.`),
    ...says(check.rcode, `The DNS answers ${check.rcode}.`),
    ...says(check.lossMax, `Up to ${check.lossMax} % of packets may be lost.`),
  ];
}
