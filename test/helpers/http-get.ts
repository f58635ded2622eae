import { request, type RequestOptions } from 'node:http';

export type HttpAnswer = { status: number; type: string; text: string };

/** One HTTP request without a kept connection, over TCP or a unix socket. */
export async function httpRequest(options: RequestOptions): Promise<HttpAnswer> {
  return new Promise((done, fail) => {
    const sent = request({ agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk));
      response.on('end', () => done({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text }));
    });
    sent.on('error', fail).end();
  });
}
