#!/usr/bin/env bash
# Prints the name of the image that the Dockerfile starts FROM, after making sure that the engine has it:
# debian:bookworm-slim where it is there or can be pulled, else a base of our own, made from Debian's packages by debootstrap
# (a campus without way out, a machine without a registry of images). Progress goes to stderr.
#
#   IPCLAB_PULL=never        do not ask a registry             IPCLAB_MIRROR=URI   take Debian's packages from there
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/apt.sh"

suite=bookworm
official=debian:$suite-slim
own=ipclab-base:$suite
docker=${IPCLAB_ENGINE:-docker}
pull_seconds=120
debootstrap_seconds=900

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "base-image.sh: $*"
    exit 3
}
there() { "$docker" image inspect "$1" >/dev/null 2>&1; }

pull() {
    [ "${IPCLAB_PULL:-}" != never ] || return 1
    local why
    why=$(timeout "$pull_seconds" "$docker" pull --quiet "$official" 2>&1 >/dev/null) && return 0
    say "$official cannot be pulled (${why##*$'\n'})"
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        fail "debootstrap must run as root, and there is no sudo here"
    fi
}

clean_up() {
    [ -n "${root:-}" ] || return 0
    # debootstrap mounts /proc in there while it works; never delete through a mount
    as_root umount "$root/base/proc" 2>/dev/null || :
    as_root umount "$root/base/sys" 2>/dev/null || :
    as_root rm -rf --one-file-system "$root"
}

# The mirror that apt uses for this suite; on another distribution there may be none, and debootstrap knows its own.
mirror() {
    printf '%s\n' "${IPCLAB_MIRROR:-$(deb_sources "$suite" | awk -v suite="$suite" '$3 == suite { print $2; exit }')}"
}

bootstrap() {
    command -v debootstrap >/dev/null || fail "debootstrap is missing: run make setup, or let the engine pull $official"
    local from proxy
    from=$(mirror)
    root=$(mktemp -d "${TMPDIR:-/var/tmp}/ipclab-base.XXXXXX")
    trap clean_up EXIT
    trap 'exit 130' INT TERM HUP
    proxy=$(proxy_for "${from:-http://}")
    say "making $own from Debian's packages (debootstrap, about half a minute)"
    if ! as_root env ${proxy:+http_proxy="$proxy" https_proxy="$proxy"} timeout "$debootstrap_seconds" \
        debootstrap --variant=minbase "$suite" "$root/base" ${from:+"$from"} >"$root/log" 2>&1; then
        tail -n 5 "$root/log" >&2
        fail "debootstrap failed, see the lines above: can this machine reach ${from:-a Debian mirror}?"
    fi
    as_root find "$root/base/var/cache/apt" "$root/base/var/lib/apt/lists" -type f -delete
    as_root tar -C "$root/base" --one-file-system -c . |
        "$docker" import --change 'CMD ["/bin/bash"]' --change 'LABEL ipclab=base' - "$own" >/dev/null ||
        fail "$docker import failed"
}

if there "$official"; then
    echo "$official"
elif there "$own"; then
    echo "$own"
elif pull; then
    echo "$official"
else
    bootstrap
    echo "$own"
fi
