import { expect, test } from 'vitest';
import { commandAs, environmentOf, findPosixUser, parseGroups, parsePasswd } from '../../../scripts/local-nucleus/posix-user.ts';

const user = { uid: 7, gid: 8, groups: [9, 10], name: 'robot', home: '/home/robot' };

test('the registers of users and groups are read line by line', () => {
  expect(parsePasswd('# comment\nrobot:x:7:8:A robot,,,:/home/robot:/bin/sh\n\n')).toEqual([{ name: 'robot', uid: 7, gid: 8, home: '/home/robot' }]);
  expect(parseGroups('robots:x:8:\nvideo:x:44:robot,other\n')).toEqual([{ name: 'robots', gid: 8, members: [] }, { name: 'video', gid: 44, members: ['robot', 'other'] }]);
});

test('a script runs as the user with its groups, or as it is', () => {
  expect(commandAs(undefined, 'x')).toEqual(['/bin/sh', '-c', 'x']);
  expect(commandAs(user, 'x')).toEqual(['/usr/bin/setpriv', '--reuid', '7', '--regid', '8', '--groups', '9,10', '--', '/bin/sh', '-c', 'x']);
  expect(commandAs({ ...user, groups: [] }, 'x')).toContain('--clear-groups');
  expect(environmentOf(user)).toEqual({ HOME: '/home/robot', USER: 'robot', LOGNAME: 'robot' });
  expect(environmentOf({ ...user, name: undefined, home: '/' })).toEqual({ HOME: '/' });
});

if (process.getuid?.() === 0) test('users are found by name and number', findsUsers);
else test('only root can be somebody else', async () => expect(findPosixUser('root')).rejects.toThrow(/only root can start processes of other users/));

async function findsUsers(): Promise<void> {
  expect(await findPosixUser('root')).toMatchObject({ uid: 0, gid: 0, name: 'root', home: '/root' });
  expect(await findPosixUser('0:12345')).toMatchObject({ uid: 0, gid: 12345, name: 'root' });
  expect(await findPosixUser('54321:12345')).toEqual({ uid: 54321, gid: 12345, groups: [], name: undefined, home: '/' });
  await expect(findPosixUser('54321')).rejects.toThrow(/its group is unknown\. Name one/);
  for (const text of ['', ':0', 'root:', 'root:0:0']) await expect(findPosixUser(text)).rejects.toThrow(/names no user/);
  await expect(findPosixUser('root:no-such-group')).rejects.toThrow(/no group no-such-group/);
}
