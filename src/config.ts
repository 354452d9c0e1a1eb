/** The front door of the configuration: what the composition, the commands and the doctor use of it. */
export { readHostPort } from './config/addresses.ts';
export { credentialsOf } from './config/credentials.ts';
export type { Fault } from './config/faults.ts';
export { throwFaults } from './config/faults.ts';
export { isStrategyPath } from './config/fields.ts';
export { configHash, redactedConfig } from './config/fingerprint.ts';
export { intentTokensOf } from './config/intent-tokens.ts';
export { distance } from './config/keys.ts';
export { loadConfig } from './config/load.ts';
export { loadPolicy } from './config/policy.ts';
export { redisUrlOf } from './config/redis-access.ts';
export type { Config } from './config/schema.ts';
