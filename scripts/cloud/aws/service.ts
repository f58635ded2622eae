import { CloudError } from '../cloud-error.ts';
import { translate, type Place } from './translate.ts';

/**
 * A service of AWS, whose failures are CloudErrors. `action` is that of IAM without the service, and `subject` what it is
 * about, both for messages.
 */
export type Service<Client> = {
  ask<Answer>(action: string, subject: string, send: (client: Client) => Promise<Answer>): Promise<Answer>;
  /** As `ask`, and undefined when it is not there. */
  find<Answer>(action: string, subject: string, send: (client: Client) => Promise<Answer>): Promise<Answer | undefined>;
  change(action: string, subject: string, send: (client: Client) => Promise<unknown>): Promise<void>;
  /** As `change`, and content when it is not there. */
  remove(action: string, subject: string, send: (client: Client) => Promise<unknown>): Promise<void>;
};

/** @param prefix of its actions, such as `iam` */
export function openService<Client>(prefix: string, client: () => Promise<Client>, place: Place): Service<Client> {
  const ask: Service<Client>['ask'] = async (action, subject, send) => {
    try {
      return await send(await client());
    } catch (error) {
      throw translate(error, { action: `${prefix}:${action}`, subject }, place);
    }
  };
  const find: Service<Client>['find'] = async (action, subject, send) => {
    try {
      return await ask(action, subject, send);
    } catch (error) {
      if (error instanceof CloudError && error.fault === 'not-found') return undefined;
      throw error;
    }
  };
  return {
    ask,
    find,
    change: async (action, subject, send) => void (await ask(action, subject, send)),
    remove: async (action, subject, send) => void (await find(action, subject, send)),
  };
}
