#!/bin/sh
# Back up the database, the images and the keys into one folder: /var/backups/bhuprahari/DATE-TIME, the newest 14 are kept.
# The database first: an image that comes later is one too many, and `reconcile` deletes it; one too few would be missed.
# SHA256SUMS has the hash of each file; what is new is read back before the folder gets its name.
set -eu
umask 077
TO=${1:-/var/backups/bhuprahari}
KEEP=${2:-14}
DATA=${BHUPRAHARI_HOME:-/var/lib/bhuprahari}
DATABASE=${DATABASE:-bhuprahari}

die() { echo "backup.sh: $*" >&2; exit 1; }
[ -d "$TO" ] || die "there is no folder $TO: make it, mode 700"
ls "$DATA" >/dev/null 2>&1 || die "$DATA cannot be read: a backup without its images would look whole"
case "$(cd "$TO" && pwd -P)/" in "$(cd "$DATA" && pwd -P)"/*) die "$TO lies in $DATA: a backup there goes when that does" ;; esac
exec 9>"$TO/.lock"
flock -n 9 || die "another backup is being written to $TO: wait for its end"
rm -rf "$TO"/[0-9]*.part
NEW=$TO/$(date -u +%Y%m%d-%H%M%S)
[ ! -e "$NEW" ] || die "$NEW is there already: wait a second"
# A picture never changes once it is written: what the last backup has is linked, not copied.
LAST=$(ls -1d "$TO"/[0-9]*[0-9] 2>/dev/null | tail -n 1 || true)
mkdir "$NEW.part"
trap 'rm -rf "$NEW.part"' EXIT
mariadb-dump --single-transaction --quick --skip-lock-tables --default-character-set=utf8mb4 "$DATABASE" >"$NEW.part/database.sql"
tail -n 1 "$NEW.part/database.sql" | grep -q 'Dump completed' || die "the dump is cut short"
gzip "$NEW.part/database.sql"
gzip -t "$NEW.part/database.sql.gz"
for what in images secrets; do
    [ -d "$DATA/$what" ] || continue
    rsync -a ${LAST:+--link-dest="$LAST/$what"} "$DATA/$what/" "$NEW.part/$what/"
done
if [ "${BHUPRAHARI_IMAGES_STORE:-}" = s3 ]; then echo "the images are in the bucket, which has versions of its own" >&2; fi
(
    cd "$NEW.part"
    find . -type f -links 1 ! -name '.SUMS' -print0 | xargs -0 -r sha256sum >.SUMS
    sha256sum --check --quiet .SUMS
    if [ -n "$LAST" ] && [ -f "$LAST/SHA256SUMS" ]; then  # of what is linked, as it was read then
        find . -type f -links +1 | awk 'NR == FNR { linked[$0]; next } substr($0, 67) in linked' - "$LAST/SHA256SUMS" >>.SUMS
    else
        find . -type f -links +1 -print0 | xargs -0 -r sha256sum >>.SUMS
    fi
    mv .SUMS SHA256SUMS
    sync -f .
)
mv "$NEW.part" "$NEW"
ls -1d "$TO"/[0-9]*[0-9] | head -n "-$KEEP" | xargs -r rm -rf
echo "backed up to $NEW: $(du -sh "$NEW" | cut -f1)"
