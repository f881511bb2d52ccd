#!/bin/sh
# Bring the database to the program that lies here: back up, migrate, check, or back to where it was: upgrade.sh [TO]
# The services stand still meanwhile, so that going back loses nothing. BHUPRAHARI is the command, for a test.
set -eu
TO=${1:-/var/backups/bhuprahari}
HERE=$(cd "$(dirname "$0")" && pwd -P)
BHUPRAHARI=${BHUPRAHARI:-bhuprahari}
SERVICES="bhuprahari-api.service bhuprahari-clock.service bhuprahari-worker@*.service"
has_systemd() { [ -d /run/systemd/system ]; }

# shellcheck disable=SC2086
if has_systemd; then systemctl stop $SERVICES; fi
SAID=$("$HERE/backup.sh" "$TO") || {
    echo "upgrade.sh: no backup, so nothing was changed, and the services stand still: mend that and run this again" >&2
    exit 1
}
BACKUP=${SAID#backed up to }
BACKUP=${BACKUP%: *}
echo "$SAID"
if $BHUPRAHARI migrate && $BHUPRAHARI check; then
    $BHUPRAHARI ops verify || echo "upgrade.sh: what does not hold may have been so before: look at it" >&2
    if has_systemd; then systemctl start bhuprahari.target; fi
    echo "upgraded; its backup is $BACKUP"
    exit 0
fi
"$HERE/restore.sh" "$BACKUP" --yes
echo "upgrade.sh: the upgrade did not come out well, and all is as it was: bring the version before back, then systemctl start bhuprahari.target" >&2
exit 1
