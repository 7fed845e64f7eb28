#!/usr/bin/env bash
# Builds etcd, kube-apiserver, kube-controller-manager and kubectl from the Go module proxy, in the versions of the
# go.mod files beside this script, unless they are there, and prints the folder that holds them. Builds helm too.
# Usage: bash tests/e2e/assets/build.sh [--path|--helm]    --path only prints the folder, --helm only that of helm
set -Eeuo pipefail
cd "$(dirname "$0")"

version() { sed -n "s|^require $1 v\([0-9.]*\)$|\1|p" "$2/go.mod"; }
kubernetes=$(version k8s.io/kubernetes kubernetes)
etcd=$(version go.etcd.io/etcd/server/v3 etcd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kyvc-e2e
helm=$cache/helm-$(version helm.sh/helm/v4 helm)
out=${KUBEBUILDER_ASSETS:-$cache/kubernetes-$kubernetes-etcd-$etcd}
case ${1:-} in
  --path) echo "$out"; exit 0 ;;
  --helm) echo "$helm"; exit 0 ;;
esac

command -v go >/dev/null || { echo 'go is missing: install Go 1.26 or newer' >&2; exit 1; }

# Built beside its place and moved there whole, so that a build that is stopped leaves nothing that looks finished.
# Usage: build FOLDER NAME MODULE_FOLDER PACKAGE [LINKER_FLAGS]
build() {
  local out=$1; shift
  [ -x "$out/$1" ] && return
  mkdir -p "$out"
  echo "building $1 ..." >&2
  (cd "$2" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w ${4:-}" -o "$out/.$1.$$" "$3")
  mv "$out/.$1.$$" "$out/$1"
}

build "$helm" helm helm helm.sh/helm/v4/cmd/helm
if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then echo "$out"; exit 0; fi

IFS=. read -r major minor _ <<<"$kubernetes"
v=k8s.io/component-base/version
# A server without its version refuses to start.
stamp="-X $v.gitVersion=v$kubernetes -X $v.gitMajor=$major -X $v.gitMinor=$minor -X $v.gitTreeState=clean"
build "$out" etcd etcd go.etcd.io/etcd/server/v3
for name in kubectl kube-apiserver kube-controller-manager; do
  build "$out" "$name" kubernetes "k8s.io/kubernetes/cmd/$name" "$stamp"
done
echo "$out"
