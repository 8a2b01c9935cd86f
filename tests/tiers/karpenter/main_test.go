// Package karpenter runs the real Karpenter (scheduler, provisioner, NodeClaim lifecycle,
// disruption, AWS instance provider, interruption) over the manifests of one stack's plan, beside
// a real API server, kube-controller-manager and kube-scheduler. Faked are EC2, its catalogue and
// prices, the queue, and the kubelet. docs/testing-karpenter.md tells how it is run.
package karpenter

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aws/karpenter-provider-aws/pkg/apis"
	awstest "github.com/aws/karpenter-provider-aws/pkg/test"
	coretest "sigs.k8s.io/karpenter/pkg/test"
)

var (
	stackFile = flag.String("stack", "", "file with the manifests of a plan, its teams and their pods")
	// kube is the API server that KUBECONFIG names, with Karpenter's own CRDs.
	kube *coretest.Environment
	// stack is what -stack names, applied.
	stack *plan
)

// plan is a stack's plan: what pytest writes to the file.
type plan struct {
	// Objects are all manifests, each after what it depends on.
	Objects []unstructured.Unstructured
	Teams   []team
	// Zones are those of the executors' nodes, empty for all.
	Zones []string
	// Gated is true where nodes join before their JARs are there, with a start-up taint.
	Gated bool
	// Drill is the template of the stack's Spot drill.
	Drill drill
}

// team is a namespace, pods as its jobs have them, and what its pool is made of.
type team struct {
	Namespace, Pool  string
	Executor, Driver corev1.Pod
	// Stranger is a pod of the team that tolerates nothing and selects nothing.
	Stranger corev1.Pod
	// Shuffling is an executor of a job of the team's that writes much to its local disk.
	Shuffling corev1.Pod
	// Fallback is the NodePools of the team's executors in the order that is promised.
	Fallback []nodePool
	// Drivers is the NodePool of the team's drivers.
	Drivers string
}

// nodePool is one NodePool and what it launches.
type nodePool struct{ Name, Arch, Capacity string }

func (p nodePool) String() string { return p.Name + " " + p.Arch + "/" + p.Capacity }

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
	stack = applyPlan(ctx)
	os.Exit(m.Run())
}

// applyPlan creates every object of the file, strict about unknown fields, and waits until claims
// are bound and namespaces have their account.
func applyPlan(ctx context.Context) *plan {
	p := &plan{}
	lo.Must0(json.Unmarshal(lo.Must(os.ReadFile(*stackFile)), p), *stackFile)
	if len(p.Teams) == 0 {
		panic(*stackFile + ": no teams, so nothing to launch nodes for")
	}
	strict := client.WithFieldValidation(kube.Client, metav1.FieldValidationStrict)
	for _, o := range p.Objects {
		lo.Must0(strict.Create(ctx, o.DeepCopy()), "the API server refuses %s %s", o.GetKind(), o.GetName())
	}
	for _, team := range p.Teams {
		for end := time.Now().Add(60 * time.Second); !ready(ctx, team.Namespace); time.Sleep(200 * time.Millisecond) {
			if time.Now().After(end) {
				panic("namespace " + team.Namespace + ": no account or no bound claim within 60 s")
			}
		}
	}
	return p
}

func ready(ctx context.Context, namespace string) bool {
	account := kube.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "default"}, &corev1.ServiceAccount{})
	claims := &corev1.PersistentVolumeClaimList{}
	lo.Must0(kube.Client.List(ctx, claims, client.InNamespace(namespace)))
	bound := lo.EveryBy(claims.Items, func(one corev1.PersistentVolumeClaim) bool { return one.Status.Phase == corev1.ClaimBound })
	return account == nil && bound && len(claims.Items) > 0
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
