/** Prints the life of a segment as JSON; run by the other processor's Node. */
import { segmentLife } from '../helpers/segment-life.ts';

process.stdout.write(JSON.stringify({ architecture: process.arch, life: segmentLife() }));
