/** Whether requests go to a server that was named, rather than to the service's own; `service` as in `AWS_ENDPOINT_URL_<SERVICE>`. */
export function hasCustomEndpoint(service: string, endpoint: string | undefined): boolean {
  if (endpoint !== undefined) return true;
  if (process.env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true') return false;
  return Boolean(process.env[`AWS_ENDPOINT_URL_${service}`] || process.env['AWS_ENDPOINT_URL']);
}
