#!/bin/sh
# Back up the database, the images and the keys into one folder: /var/backups/bhuprahari/DATE-TIME, the newest 14 are kept.
# The database first: an image that comes later is one too many, and `reconcile` deletes it; one too few would be missed.
set -eu
umask 077
TO=${1:-/var/backups/bhuprahari}
KEEP=${2:-14}
DATA=${BHUPRAHARI_HOME:-/var/lib/bhuprahari}
DATABASE=${DATABASE:-bhuprahari}

[ -d "$TO" ] || { echo "backup.sh: there is no folder $TO: make it, mode 700" >&2; exit 1; }
ls "$DATA" >/dev/null 2>&1 || { echo "backup.sh: $DATA cannot be read: a backup without its images would look whole" >&2; exit 1; }
NEW=$TO/$(date -u +%Y%m%d-%H%M%S)
[ ! -e "$NEW" ] || { echo "backup.sh: $NEW is there already: wait a second" >&2; exit 1; }
mkdir "$NEW.part"
trap 'rm -rf "$NEW.part"' EXIT
mariadb-dump --single-transaction --quick --skip-lock-tables --default-character-set=utf8mb4 "$DATABASE" >"$NEW.part/database.sql"
tail -n 1 "$NEW.part/database.sql" | grep -q 'Dump completed' || { echo "backup.sh: the dump is cut short" >&2; exit 1; }
gzip "$NEW.part/database.sql"
# A picture never changes once it is written: what the last backup has is linked, not copied.
LAST=$(ls -1d "$TO"/[0-9]*[0-9] 2>/dev/null | tail -n 1 || true)
for what in images secrets; do
    [ -d "$DATA/$what" ] || continue
    rsync -a ${LAST:+--link-dest="$LAST/$what"} "$DATA/$what/" "$NEW.part/$what/"
done
mv "$NEW.part" "$NEW"
ls -1d "$TO"/[0-9]*[0-9] | head -n "-$KEEP" | xargs -r rm -rf
echo "backed up to $NEW: $(du -sh "$NEW" | cut -f1)"
