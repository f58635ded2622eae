import { AgentError } from '../../components/common/agent-client.ts';
import { FescueError } from '../../components/common/errors.ts';

/** What a command tells of a failure: a refusal of the agent begins with its status, such as `NOT_FOUND: `. */
export function withStatus(error: unknown): unknown {
  return error instanceof AgentError ? new FescueError(error.kind, `${error.status}: ${error.message}`, { cause: error }) : error;
}
