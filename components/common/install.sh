#!/bin/sh
# Unpacks a component's archive into its work folder, the current directory. Runs at every start of the nucleus:
# does nothing when this very archive is already unpacked, and after an interruption simply starts again.
#
#   sh install.sh <archive.tar.gz>
set -eu

archive=$1
digest=$(sha256sum "$archive")
digest=${digest%% *}
if [ "$(cat .installed 2>/dev/null || true)" = "$digest" ]; then exit 0; fi

rm -rf .installed .unpacked
# Half of an archive must not keep a full disk full.
trap '[ $? = 0 ] || echo "install.sh: $archive is not installed; the next start tries again" >&2; rm -rf .unpacked' EXIT
mkdir .unpacked
tar -xzf "$archive" -C .unpacked

# What an earlier version brought and this one does not must go; the component's own files stay.
if [ -f .contents ]; then
  while IFS= read -r entry; do rm -rf "./$entry"; done < .contents
fi
ls -A .unpacked > .contents.new
while IFS= read -r entry; do
  rm -rf "./$entry"
  mv ".unpacked/$entry" "./$entry"
done < .contents.new
mv .contents.new .contents
rmdir .unpacked
echo "$digest" > .installed
