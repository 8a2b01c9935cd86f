// etcd of a stated version, built from its module: the kube-apiserver of Kubernetes 1.35 needs
// etcd 3.5.13 or newer for watches with bookmarks, and package registries hold older ones only.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
