/** What is known of an error of the AWS SDK, or of the network below it. */
export type SdkFacts = {
  /** Its code as AWS has it, without the `Exception` at its end that some services have. */
  readonly code: string;
  /** Of the network or TLS, such as `ECONNREFUSED`; else empty. */
  readonly systemCode: string;
  /** The name that could not be resolved, where that is the matter. */
  readonly host: string | undefined;
  /** Of the answer; 0 without one. */
  readonly status: number;
  /** Anything, of anybody. */
  readonly message: string;
};

export function sdkFacts(error: unknown): SdkFacts {
  if (!(error instanceof Error)) return { code: 'something unknown', systemCode: '', host: undefined, status: 0, message: '' };
  const { code, Code, hostname, $metadata } = error as { code?: unknown; Code?: unknown; hostname?: unknown; $metadata?: { httpStatusCode?: number } };
  return {
    code: (typeof Code === 'string' ? Code : error.name).replace(/Exception$/, ''),
    systemCode: typeof code === 'string' ? code : '',
    host: typeof hostname === 'string' ? hostname : undefined,
    status: $metadata?.httpStatusCode ?? 0,
    message: error.message,
  };
}

/** Whether the certificate of a server is the matter. */
export function isDistrust(systemCode: string): boolean {
  return /CERT|SSL|TLS|INVALID_|UNABLE_TO|HOSTNAME/.test(systemCode);
}

/** A code for a message: it comes from a server, which may be any. */
export function word(code: string): string {
  return code.replace(/[^\w.-]/g, '').slice(0, 60);
}
