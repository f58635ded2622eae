import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FescueError } from '../../components/common/errors.ts';

/** Whom a component runs as. */
export type PosixUser = {
  readonly uid: number;
  readonly gid: number;
  /** The supplementary groups. */
  readonly groups: readonly number[];
  /** Undefined for a number nobody is registered under. */
  readonly name: string | undefined;
  readonly home: string;
};

/** Of util-linux; it leaves the process the same, as the stop sequence needs. */
const setpriv = '/usr/bin/setpriv';

type Passwd = { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string };
type Group = { readonly name: string; readonly gid: number; readonly members: readonly string[] };

/**
 * Looks up `user[:group]`, each a name or a number.
 *
 * @throws FescueError `failed-precondition` when this process is not root or setpriv is missing, `not-found` for a name nobody has
 */
export async function findPosixUser(text: string): Promise<PosixUser> {
  if (process.getuid?.() !== 0) {
    throw new FescueError('failed-precondition', `Components cannot run as ${text}: only root can start processes of other users, and the nucleus runs as user ${process.getuid?.()}. Start it as root, or leave the user out.`);
  }
  if (!existsSync(setpriv)) throw new FescueError('failed-precondition', `Components cannot run as ${text}: ${setpriv} is not there. Install util-linux, or leave the user out.`);
  const [user = '', group, ...rest] = text.split(':');
  if (user === '' || group === '' || rest.length > 0) throw new FescueError('invalid-argument', `"${text}" names no user: expected user or user:group, as names or numbers.`);
  const groups = parseGroups(await readFile('/etc/group', 'utf8'));
  const found = findUser(user, parsePasswd(await readFile('/etc/passwd', 'utf8')));
  const gid = group === undefined ? found.gid : findGroup(group, groups);
  if (gid === undefined) throw new FescueError('not-found', `User ${user} is registered nowhere, so its group is unknown. Name one, as in ${user}:${user}.`);
  const supplementary = groups.filter(({ members }) => found.name !== undefined && members.includes(found.name)).map((one) => one.gid);
  return { uid: found.uid, gid, groups: supplementary, name: found.name, home: found.home };
}

/**
 * Makes sure that a user can reach a folder.
 *
 * @throws FescueError `failed-precondition` naming the folder it cannot enter
 */
export async function checkReachable(folder: string, user: PosixUser): Promise<void> {
  for (let path = folder; ; path = dirname(path)) {
    const { uid, gid, mode } = await stat(path);
    const bit = uid === user.uid ? 0o100 : gid === user.gid || user.groups.includes(gid) ? 0o010 : 0o001;
    if ((mode & bit) === 0 && user.uid !== 0) {
      throw new FescueError('failed-precondition', `User ${user.name ?? user.uid} cannot enter ${path}, so components that run as it could not read their files below ${folder}. Choose a --root whose parent folders everyone may enter, such as one below /var/lib, or allow it with chmod o+x.`);
    }
    if (path === dirname(path)) return;
  }
}

/** The command line that runs a script as a user, in place of `/bin/sh -c <script>`. */
export function commandAs(user: PosixUser | undefined, script: string): [string, ...string[]] {
  const shell = ['/bin/sh', '-c', script] as const;
  if (user === undefined) return [...shell];
  const groups = user.groups.length === 0 ? ['--clear-groups'] : ['--groups', user.groups.join(',')];
  return [setpriv, '--reuid', String(user.uid), '--regid', String(user.gid), ...groups, '--', ...shell];
}

/** What differs in the environment of another user's process. */
export function environmentOf(user: PosixUser): Record<string, string> {
  return { HOME: user.home, ...(user.name === undefined ? {} : { USER: user.name, LOGNAME: user.name }) };
}

function findUser(user: string, entries: readonly Passwd[]): { uid: number; gid: number | undefined; name: string | undefined; home: string } {
  const found = entries.find(({ name }) => name === user) ?? entries.find(({ uid }) => String(uid) === user);
  if (found !== undefined) return found;
  if (!/^\d{1,9}$/.test(user)) throw new FescueError('not-found', `There is no user ${user} in /etc/passwd. Create it with useradd, or name another one.`);
  return { uid: Number(user), gid: undefined, name: undefined, home: '/' };
}

function findGroup(group: string, entries: readonly Group[]): number {
  const found = entries.find(({ name }) => name === group);
  if (found !== undefined) return found.gid;
  if (!/^\d{1,9}$/.test(group)) throw new FescueError('not-found', `There is no group ${group} in /etc/group. Create it with groupadd, or name another one.`);
  return Number(group);
}

export function parsePasswd(text: string): Passwd[] {
  return lines(text).map(([name = '', , uid, gid, , home = '/']) => ({ name, uid: Number(uid), gid: Number(gid), home }));
}

export function parseGroups(text: string): Group[] {
  return lines(text).map(([name = '', , gid, members = '']) => ({ name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') }));
}

function lines(text: string): string[][] {
  return text.split('\n').filter((line) => line.includes(':') && !line.startsWith('#')).map((line) => line.split(':'));
}
