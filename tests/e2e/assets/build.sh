#!/usr/bin/env bash
# Builds etcd, kube-apiserver, kube-controller-manager and kubectl from the Go module proxy, in the versions of the two
# go.mod files beside this script, unless they are there. Prints the folder that holds them.
# Usage: bash tests/e2e/assets/build.sh [--path]    --path only prints the folder
set -Eeuo pipefail
cd "$(dirname "$0")"

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  echo "$KUBEBUILDER_ASSETS"
  exit 0
fi

version() { sed -n "s|^require $1 v\([0-9.]*\)$|\1|p" "$2/go.mod"; }
kubernetes=$(version k8s.io/kubernetes kubernetes)
etcd=$(version go.etcd.io/etcd/server/v3 etcd)
out=${XDG_CACHE_HOME:-$HOME/.cache}/kyvc-e2e/kubernetes-$kubernetes-etcd-$etcd
if [ "${1:-}" = --path ]; then
  echo "$out"
  exit 0
fi

command -v go >/dev/null || { echo 'go is missing: install Go 1.26 or newer, or set KUBEBUILDER_ASSETS' >&2; exit 1; }
mkdir -p "$out"

# Built beside its place and moved there whole, so that a build that is stopped leaves nothing that looks finished.
# Usage: build NAME MODULE_FOLDER PACKAGE [LINKER_FLAGS]
build() {
  [ -x "$out/$1" ] && return
  echo "building $1 ..." >&2
  (cd "$2" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w ${4:-}" -o "$out/.$1.$$" "$3")
  mv "$out/.$1.$$" "$out/$1"
}

IFS=. read -r major minor _ <<<"$kubernetes"
v=k8s.io/component-base/version
# A server without its version refuses to start.
stamp="-X $v.gitVersion=v$kubernetes -X $v.gitMajor=$major -X $v.gitMinor=$minor -X $v.gitTreeState=clean"
build etcd etcd go.etcd.io/etcd/server/v3
for name in kubectl kube-apiserver kube-controller-manager; do
  build "$name" kubernetes "k8s.io/kubernetes/cmd/$name" "$stamp"
done
echo "$out"
