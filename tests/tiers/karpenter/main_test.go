// Package karpenter runs the real Karpenter (scheduler, provisioner, NodeClaim lifecycle,
// disruption, AWS instance provider, interruption) over the manifests of one stack's plan, beside
// a real API server, kube-controller-manager and kube-scheduler. Faked are EC2, its catalogue and
// prices, the queue, and the kubelet. docs/testing-karpenter.md tells how it is run.
package karpenter

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aws/karpenter-provider-aws/pkg/apis"
	awstest "github.com/aws/karpenter-provider-aws/pkg/test"
	coretest "sigs.k8s.io/karpenter/pkg/test"
)

var (
	stackFile = flag.String("stack", "", "file with the manifests of a plan, its teams and their pods")
	verbose   = flag.Bool("karpenter-logs", os.Getenv("KARPENTER_LOGS") != "", "print Karpenter's own log")
)

var (
	// kube is the API server that KUBECONFIG names, with Karpenter's own CRDs.
	kube *coretest.Environment
	// stack is what -stack names, applied.
	stack *plan
)

func TestMain(m *testing.M) {
	flag.Parse()
	// The caller owns the API server: a killed test leaves none behind.
	if os.Getenv("USE_EXISTING_CLUSTER") != "true" || os.Getenv("KUBECONFIG") == "" || *stackFile == "" {
		fmt.Fprintln(os.Stderr, "run by tests/tiers/karpenter/test_karpenter.py: see docs/testing-karpenter.md")
		os.Exit(2)
	}
	log.SetLogger(logr.Discard())
	ctx := context.Background()
	kube = coretest.NewEnvironment(
		coretest.WithCRDs(apis.CRDs...),
		coretest.WithConfigOptions(func(c *rest.Config) { c.QPS, c.Burst = 1000, 2000 }),
		coretest.WithFieldIndexers(
			coretest.NodePoolNodeClassRefFieldIndexer(ctx),
			coretest.NodeClaimNodeClassRefFieldIndexer(ctx),
			coretest.NodeProviderIDFieldIndexer(ctx),
			coretest.NodeClaimProviderIDFieldIndexer(ctx),
			coretest.VolumeAttachmentFieldIndexer(ctx),
			awstest.NodeInstanceIDFieldIndexer(ctx),
			awstest.NodeClaimInstanceIDFieldIndexer(ctx),
		),
	)
	var err error
	if stack, err = applyPlan(ctx, *stackFile); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// eventually polls for what other programs do: kube-scheduler, kube-controller-manager.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}
