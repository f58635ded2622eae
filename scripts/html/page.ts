import { createHash } from 'node:crypto';
import { html, Html } from './html.ts';

/** @property style CSS of ours @property hasPictures whether the body has images, which have to be data in the page */
export type Page = { readonly title: string; readonly style: string; readonly body: Html; readonly hasPictures?: boolean };

/** A page as one HTML file that needs nothing else: its policy lets nothing be loaded from anywhere, and nothing run. */
export function htmlPage({ title, style, body, hasPictures = false }: Page): string {
  const digest = createHash('sha256').update(style).digest('base64');
  const policy = `default-src 'none'; ${hasPictures ? 'img-src data:; ' : ''}style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
${body}
</body>
</html>
`;
  return page.text;
}
