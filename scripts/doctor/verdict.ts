import type { Verdict } from './check.ts';

export function ok(found: string): Verdict {
  return { status: 'ok', found };
}

export function warning(found: string, remedy: string): Verdict {
  return { status: 'warning', found, remedy };
}

export function fail(found: string, remedy: string): Verdict {
  return { status: 'fail', found, remedy };
}

export function notApplicable(found: string, remedy?: string): Verdict {
  return { status: 'n.a.', found, ...(remedy !== undefined && { remedy }) };
}
