#!/bin/sh
# Makes the database password and the sealing keys where they are not there yet. Each file is mode 0600, belongs to its
# only reader, and appears whole, by a rename: this may be killed anywhere and be run again.
set -eu
umask 077

# The uids of the images: postgres, temporalio/server and admin-tools, and node in our own.
POSTGRES=999 TEMPORAL=1000 NODE=1000

password=/database-password
keys=/sealing-keys/sealing-keys.json

finish() { # finish FILE UID: FILE.new becomes FILE
  chown "$2:$2" "$1.new"
  mv "$1.new" "$1"
}

if [ ! -e $password/postgresql ]; then
  if [ -e /database/PG_VERSION ]; then
    echo 'The volume "database" holds a database, but the volume "database-password" no longer holds its password. Restore that volume, or begin anew with an empty database: docker compose down --volumes' >&2
    exit 1
  fi
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' > $password/postgresql.new
  finish $password/postgresql $POSTGRES
fi

# One copy a reader: the two programs run as different users.
if ! cmp -s $password/postgresql $password/temporal; then
  cat $password/postgresql > $password/temporal.new
  finish $password/temporal $TEMPORAL
fi

if [ ! -e $keys ]; then
  rm -f $keys.new
  bunq-keeper sealing-keys new --out $keys.new
  finish $keys $NODE
fi
