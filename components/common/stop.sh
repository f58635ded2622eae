#!/bin/sh
# Ends a component's main process in an orderly way and waits for it, longer than a nucleus would. The process is the one
# whose number the run step left in .pid of the work folder, the current directory. Where it is gone, there is nothing to do.
#
#   sh stop.sh <longest wait in seconds>
set -eu

pid=$(cat .pid 2>/dev/null || true)
case $pid in '' | *[!0-9]*) exit 0 ;; esac
folder=$(pwd -P)

# The number may belong to another process by now: that one does not work in this folder. A zombie works nowhere.
is_running() { [ "$(readlink "/proc/$pid/cwd" 2>/dev/null || true)" = "$folder" ]; }

is_running || exit 0
kill -TERM "$pid" 2>/dev/null || true
left=$(($1 * 10))
while is_running; do
  if [ "$left" -le 0 ]; then
    echo "stop.sh: process $pid did not end within $1 s; the nucleus ends it" >&2
    exit 0
  fi
  # Where sleep takes no fractions, it is a whole second.
  if sleep 0.1 2>/dev/null; then left=$((left - 1)); else sleep 1 && left=$((left - 10)); fi
done
