/** The strategies that come with Vigil, by name. */
import { strategy as emaCross } from './ema-cross.ts';
import type { Strategy } from './strategy.ts';
import { strategy as trend24h } from './trend-24h.ts';

export const BUILT_IN: readonly Strategy[] = [trend24h, emaCross];

/** The one that is no file: it asks `generator.remoteModel.url`, and another answers in its place while that is away. */
export const REMOTE_MODEL = 'remote-model';
export const REMOTE_MODEL_DOES = 'Follows what a model server says of each symbol; its fallback answers while that is away.';
