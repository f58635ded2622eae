/** Whether the long form of a test is wanted, as `npm run test:soak` wants it. */
export const isSoak = process.env['FESCUE_SOAK'] === '1';
