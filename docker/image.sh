#!/usr/bin/env bash
# The image that submissions are graded in: says its name, says whether it is there, makes it, removes it.
#
#   docker/image.sh make      make the image unless it is there (the second time needs no network)
#   docker/image.sh tag       print its name: ipclab:HASH, where HASH covers what the image is made from
#   docker/image.sh engine    does an engine answer? exit code 0 if so; else one line says what to do
#   docker/image.sh status    is an engine there, is the image there? exit code 0 if both
#   docker/image.sh remove    remove every image that this script made
#
# Exit codes: 0 done, 1 (engine, status) not there, 2 wrong usage, 3 something failed and the last line says what.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/apt.sh"

docker=${IPCLAB_ENGINE:-docker}
build_seconds=1200
export DOCKER_BUILDKIT=0 # docker.io has the classic builder only

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "image.sh: $*"
    exit 3
}

tag() {
    local hash
    hash=$({
        cat "$here/Dockerfile" "$here/base-image.sh"
        grep '^[a-z].*\[.*image' "$here/packages.txt" | awk '{ print $1 }'
    } | sha256sum)
    echo "ipclab:${hash:0:12}"
}

engine() {
    command -v "$docker" >/dev/null || {
        say "there is no $docker here: install it (docker.io), or grade with --sandbox local"
        return 1
    }
    timeout 20 "$docker" version --format '{{.Server.Version}}' >/dev/null 2>&1 || {
        say "no $docker engine answers: start it (systemctl start docker, or dockerd), or grade with --sandbox local"
        return 1
    }
}

there() { "$docker" image inspect "$1" >/dev/null 2>&1; }

# Sources and options of the host's apt, and its proxy, go into the build; so it reaches what the host reaches.
build() {
    local image=$1 base=$2 log=$3 sources options proxy
    sources=$(deb_sources bookworm)
    case $sources in *https:*) sources= ;; esac # the base has no certificates: it keeps its own sources
    options=$(apt_options | tr '\n' ' ')
    proxy=$(proxy_for "$(awk 'NR == 1 { print $2 }' <<<"${sources:-deb http://}")")
    timeout "$build_seconds" "$docker" build --force-rm --network host --tag "$image" \
        --build-arg BASE="$base" --build-arg APT_SOURCES="$sources" --build-arg APT_OPTIONS="$options" \
        ${proxy:+--build-arg http_proxy="$proxy" --build-arg https_proxy="$proxy"} "$here" >"$log" 2>&1
}

make_image() {
    local image base log
    engine || exit 3
    image=$(tag)
    if there "$image"; then
        say "$image is there"
        return
    fi
    # two of us at once: the second finds the first one's image
    exec 9<"$here/Dockerfile"
    flock --wait "$build_seconds" 9 || fail "another image.sh has been making the image for $build_seconds s: end it first"
    if there "$image"; then
        say "$image is there"
        return
    fi
    base=$("$here/base-image.sh" 9<&-) || exit 3
    say "making $image from $base (about a minute)"
    log=$(mktemp "${TMPDIR:-/tmp}/ipclab-image.XXXXXX")
    # shellcheck disable=SC2064 # the name of now
    trap "rm -f '$log'" EXIT
    if ! build "$image" "$base" "$log" 9<&-; then
        tail -n 12 "$log" >&2
        fail "the image could not be built, see the lines above: can this machine reach Debian's packages?"
    fi
    say "$image is ready"
}

status() {
    local image
    engine || exit 1
    image=$(tag)
    there "$image" || {
        say "$image is not there: docker/image.sh make"
        exit 1
    }
    say "$image is there"
}

remove() {
    local images
    engine || exit 3
    images=$("$docker" image ls --quiet --filter label=ipclab | sort -u)
    [ -n "$images" ] || {
        say "no image of ipclab is there"
        return
    }
    # shellcheck disable=SC2086 # one word each
    "$docker" image rm --force $images >/dev/null || fail "an image could not be removed: is a container still using it?"
}

case "$#:${1-}" in
1:make) make_image ;;
1:tag) tag ;;
1:engine) engine ;;
1:status) status ;;
1:remove) remove ;;
*)
    say "usage: docker/image.sh make|tag|engine|status|remove"
    exit 2
    ;;
esac
