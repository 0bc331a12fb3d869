/* Why a check is not up, for people: the same sentences as in src/wire/tick.c. */
const ERROR_TEXT: Record<string, string> = {
  dns: 'The name could not be resolved',
  refused: 'The connection was refused',
  timeout_dns: 'Time ran out while the name was resolved',
  timeout_connect: 'Time ran out while connecting',
  timeout_tls: 'Time ran out in the TLS handshake',
  timeout_wait: 'Time ran out before an answer came',
  timeout_transfer: 'Time ran out before the answer was whole',
  tls_expired: 'The certificate has expired or is not valid yet',
  tls_name: 'The certificate is for another name',
  tls_untrusted: 'The certificate is of no trusted authority',
  tls_handshake: 'The TLS handshake failed',
  status: 'The status is not one of those accepted',
  assertion: 'The answer is not as it should be',
  too_large: 'The answer is too large to be judged',
  redirect: 'Redirected too often, or to where a check may not go',
  guard: "The validator's owner does not allow this check",
  own_network: "The validator's own network is broken",
  protocol: 'The answer breaks the rules of its protocol',
  reset: 'The connection was closed before the answer was whole',
  unreachable: 'There is no way to this address',
  internal: 'The validator itself failed',
  tls_expiring: 'The certificate ends sooner than it may',
  tls_version: 'The server speaks no version of TLS that is new enough',
  tls_weak: "The server's certificate or key exchange is too weak",
  not_allowed: "The validator's machine does not allow this kind of check",
};

/* A class that is newer than this page is told by its name. */
export function errorSentence(error: string): string {
  return ERROR_TEXT[error] ?? error.replaceAll('_', ' ');
}
