import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mountPoints } from './sealed-machine.ts'

test('mounts with files that may be written become read-only, but not what functions are mounted from', () => {
  const mountinfo = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
24 22 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
25 22 0:5 / /dev/shm rw - tmpfs tmpfs rw
26 22 8:2 / /home rw,nosuid - ext4 /dev/sda2 rw
27 22 8:3 / /mnt/my\\040disk rw - xfs /dev/sdb rw
28 22 7:0 / /snap/core ro,nodev - squashfs /dev/loop0 ro
29 22 0:30 / /tmp rw - tmpfs tmpfs rw
30 29 0:31 / /tmp/inner rw - tmpfs tmpfs rw
31 22 0:32 / /run/user/1000 rw - tmpfs tmpfs rw
`
  assert.deepEqual(mountPoints(mountinfo, ['/tmp', '/home/me/.cache']), ['/home', '/mnt/my disk', '/run/user/1000'])
})
