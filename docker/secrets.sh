#!/bin/sh
# Makes the database password and the sealing keys where they are not there yet. Each file is mode 0600, belongs to its
# only reader, and appears whole, by a rename: this may be killed anywhere and be run again.
set -eu
umask 077

# The uids of the images: postgres, temporalio/server and admin-tools, and node in our own.
POSTGRES=999 TEMPORAL=1000 NODE=1000

password=/database-password
keys=/sealing-keys/sealing-keys.json

rm -f $password/*.new $keys.new # left behind by a run that was killed

finish() { # finish FILE UID: FILE.new becomes FILE
  chown "$2:$2" "$1.new"
  sync "$1.new"
  mv "$1.new" "$1"
}

refuse_to_replace() { # refuse_to_replace VOLUME WHAT: a new one would not open what is in the database
  [ -e /database/PG_VERSION ] || return 0
  echo "The volume \"database\" holds a database, but the volume \"$1\" no longer holds its $2. Restore that volume, or begin anew with an empty database: docker compose down --volumes" >&2
  exit 1
}

if [ ! -e $password/postgresql ]; then
  refuse_to_replace database-password password
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' > $password/postgresql.new
  finish $password/postgresql $POSTGRES
fi

# One copy a reader: the two programs run as different users.
if ! cmp -s $password/postgresql $password/temporal; then
  cat $password/postgresql > $password/temporal.new
  finish $password/temporal $TEMPORAL
fi

if [ ! -e $keys ]; then
  refuse_to_replace sealing-keys 'sealing keys'
  bunq-keeper sealing-keys new --out $keys.new
  finish $keys $NODE
  chown $NODE:$NODE "${keys%/*}" # a rotation replaces the file, by the service keeper
fi
