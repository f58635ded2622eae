/**
 * A policy document as IAM answers it, as JSON text. IAM encodes it by RFC 3986, so that a plus is a plus; other servers
 * leave some as they are, which no encoded one looks like.
 */
export function policyText(document: string): string {
  return document.startsWith('%') ? decodeURIComponent(document) : document;
}
