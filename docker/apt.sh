# shellcheck shell=bash
# Sourced by the scripts beside it: what apt's configuration says about where Debian's packages come from.

# deb_sources SUITE: one "deb URI RELEASE COMPONENT..." line for each source of that Debian suite, its updates and its security fixes.
# Only a source's Release file says whose it is (vendors use Debian's suite names too); where apt has not fetched any yet, it
# fetches them into a folder of ours, which needs no root and changes nothing.
deb_sources() {
    local lists found
    command -v apt-get >/dev/null || return 0
    found=$(_deb_sources "$1")
    if [ -z "$found" ] && apt-get --print-uris update 2>/dev/null | grep "/dists/$1/" >/dev/null; then
        lists=$(mktemp -d)
        mkdir "$lists/partial"
        timeout 180 apt-get -qq -o Dir::State::lists="$lists" -o Debug::NoLocking=1 -o APT::Sandbox::User= update >/dev/null 2>&1 || :
        found=$(_deb_sources "$1" -o Dir::State::lists="$lists")
        rm -rf "$lists"
    fi
    [ -z "$found" ] || printf '%s\n' "$found"
}

_deb_sources() {
    local suite=$1
    shift
    # shellcheck disable=SC2016 # the $(...) are apt's
    apt-get "$@" indextargets --format '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
        awk -F'|' -v suite="$suite" '
            $1 == "Debian" && ($3 == suite || $3 == suite "-updates" || $3 == suite "-security") {
                key = $2 " " $3
                if (!(key in parts)) order[++n] = key
                if (index(parts[key] " ", " " $4 " ") == 0) parts[key] = parts[key] " " $4
            }
            END { for (i = 1; i <= n; i++) print "deb " order[i] parts[order[i]] }'
}

# apt_options: those of apt's settings, as options of apt-get, that decide whether such a source is believed or reached.
apt_options() {
    command -v apt-config >/dev/null || return 0
    local name value
    for name in Acquire::Check-Valid-Until Acquire::Check-Date Acquire::ForceIPv4; do
        value=
        eval "$(apt-config shell value "$name")"
        [ -z "$value" ] || printf '%s\n' "-o $name=$value"
    done
}

# proxy_for URI: the proxy that apt would use for it; nothing when there is none.
proxy_for() {
    local scheme=${1%%:*} host proxy=
    host=${1#*://}
    host=${host%%[:/]*}
    if command -v apt-config >/dev/null; then
        eval "$(apt-config shell proxy "Acquire::$scheme::Proxy::$host")"
        [ -n "$proxy" ] || eval "$(apt-config shell proxy "Acquire::$scheme::Proxy")"
    fi
    if [ -z "$proxy" ]; then
        if [ "$scheme" = https ]; then proxy=${https_proxy-}; else proxy=${http_proxy-}; fi
    fi
    [ "$proxy" = DIRECT ] || printf '%s\n' "$proxy"
}
