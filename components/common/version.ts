import manifest from '../../package.json' with { type: 'json' };

/** The product's version. */
export const productVersion: string = manifest.version;
