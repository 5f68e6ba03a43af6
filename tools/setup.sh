#!/usr/bin/env bash
# Installs the Debian packages that this machine lacks, after saying which; does nothing, offline, when all are there.
#
#   tools/setup.sh ROLE...      roles are those of docker/packages.txt: grade test base ci
#   tools/setup.sh -n ROLE...   only say what is missing; exit code 1 if something is
#
# Exit codes: 0 all there, 2 wrong usage, 3 something could not be installed and the last line says what to do.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
list=$here/../docker/packages.txt
python_needed=3.11

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "setup: $*"
    exit 3
}
usage() {
    say "usage: tools/setup.sh [-n] grade|test|base|ci..."
    exit 2
}

distribution() { (. /etc/os-release && printf '%s\n' "$ID") 2>/dev/null || echo unknown; }

# wanted ROLE...: the names of the packages that one of the roles needs
wanted() {
    awk -v roles=" $* " -v on="$(distribution)" '
        /^[^#]/ && match($0, /\[[^]]*\]/) {
            n = split(substr($0, RSTART + 1, RLENGTH - 2), who, " ")
            needed = 0; elsewhere = 0
            for (i = 1; i <= n; i++) {
                if (who[i] == "debian") elsewhere = (on != "debian")
                else if (index(roles, " " who[i] " ")) needed = 1
            }
            if (needed && !elsewhere) print $1
        }' "$list"
}

# missing PACKAGE...: those that are not installed
missing() {
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
        awk -v all="$*" '$2 == "installed" { there[$1] = 1 }
            END { n = split(all, name, " "); for (i = 1; i <= n; i++) if (!(name[i] in there)) print name[i] }'
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        fail "run it as root, or install sudo: the packages above are missing"
    fi
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@"; }

# A release whose Python is too old can't be helped by installing; so it is said before anything is.
check_python() {
    local version=$1
    [ -n "$version" ] && [ "$version" != "(none)" ] || return 0
    dpkg --compare-versions "$version" ge "$python_needed" ||
        fail "this release has Python $version, ipclab needs $python_needed: use Debian 12, Ubuntu 24.04, or newer"
}

install() {
    local package
    say "ipclab needs these packages and will install them:"
    for package in "$@"; do
        say "$(sed -n "s/^\($package  *\)\[[^]]*\] *\(.*\)/    \1 \2/p" "$list")"
    done
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "run it as root, or install sudo"
    # a source that cannot be reached matters only if a package cannot be had without it
    apt update >&2 || say "setup: apt-get update failed; trying with the lists that are there"
    check_python "$(apt-cache policy python3 | awk '$1 == "Candidate:" { print $2 }')"
    apt install -y --no-install-recommends "$@" >&2 ||
        fail "apt-get could not install them, see above: can this machine reach its package mirror (Ubuntu: is universe on)?"
    [ -z "$(missing "$@")" ] || fail "apt-get installed all but: $(missing "$@" | tr '\n' ' ')"
}

only_say=
[ "${1-}" != -n ] || {
    only_say=1
    shift
}
[ $# -gt 0 ] || usage
for role in "$@"; do
    case $role in grade | test | base | ci) ;; *) usage ;; esac
done

mapfile -t packages < <(wanted "$@")
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    fail "this is neither Debian nor Ubuntu; install what these packages hold: ${packages[*]}"
fi
mapfile -t lacking < <(missing "${packages[@]}")
if [ -n "$only_say" ]; then
    [ ${#lacking[@]} -gt 0 ] || exit 0
    printf '%s\n' "${lacking[@]}"
    exit 1
fi
[ ${#lacking[@]} = 0 ] || install "${lacking[@]}"
check_python "$(dpkg-query -W -f '${Version}' python3 2>/dev/null || :)"
