package karpenter

import (
	"testing"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws/karpenter-provider-aws/pkg/utils"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/controllers/node/termination"
	"sigs.k8s.io/karpenter/pkg/controllers/node/termination/terminator"
)

// drill is what the experiment's template says of its targets.
type drill struct {
	// Cluster is the name of the stack's cluster, which the tags have.
	Cluster string
	// Pool is the pool that it names.
	Pool string
	// Tags are those of its targets.
	Tags map[string]string
	// Count is how many of them FIS chooses.
	Count int
}

// TestADrillInterruptsSpotNodesOfItsPoolOnly, as many as its template says, and new ones take their
// pods.
func TestADrillInterruptsSpotNodesOfItsPoolOnly(t *testing.T) {
	c := newCluster(t, usual)
	mine, found := lo.Find(stack.Teams, func(one team) bool { return one.Pool == stack.Drill.Pool })
	if !found {
		t.Fatalf("no team on pool %s", stack.Drill.Pool)
	}
	executors := c.create(apart(mine.Executor), stack.Drill.Count+1)
	others := c.create(mine.Driver, 1)
	for _, other := range stack.Teams {
		if other.Pool != mine.Pool {
			others = append(others, c.create(other.Executor, 1)...)
		}
	}
	claims := c.running(append(executors, others...)...)
	kept := lo.Uniq(lo.Map(others, func(pod *corev1.Pod, _ int) string { return pod.Spec.NodeName }))

	targets := c.targets(claims)
	if len(targets) != len(executors) {
		t.Fatalf("%d targets, and the pool has %d nodes", len(targets), len(executors))
	}
	for _, name := range kept {
		if _, target := targets[name]; target {
			t.Errorf("%s is a node of the drivers or of another pool", name)
		}
	}
	chosen := lo.Keys(targets)[:stack.Drill.Count]
	evictions := terminator.NewQueue(kube.Client, c.events)
	drain := termination.NewController(c.clock, kube.Client, c.cloud, terminator.NewTerminator(c.clock, kube.Client, evictions, c.events), c.events)
	for _, name := range chosen {
		c.warn(targets[name])
		c.reconcile(targets[name]) // deletes the node, which Karpenter's finalizer keeps
		c.drain(drain, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	for name, claim := range claims {
		if c.gone(claim) != lo.Contains(chosen, name) {
			t.Errorf("%s: is on its way out: %v", name, c.gone(claim))
		}
	}
	for _, pod := range executors {
		if lo.Contains(chosen, pod.Spec.NodeName) {
			c.remove(pod) // as kubelet does when the process has ended
		}
	}
	replaced := c.create(apart(mine.Executor), len(chosen))
	c.running(replaced...)
	for _, pod := range replaced {
		if lo.Contains(chosen, pod.Spec.NodeName) {
			t.Errorf("%s is on %s, which was interrupted", pod.Name, pod.Spec.NodeName)
		}
	}
}

// targets are the nodes that FIS resolves: running Spot Instances with all tags.
func (c *cluster) targets(claims map[string]*karpv1.NodeClaim) map[string]*karpv1.NodeClaim {
	return lo.PickBy(claims, func(_ string, claim *karpv1.NodeClaim) bool {
		id, err := utils.ParseInstanceID(claim.Status.ProviderID)
		c.must(err)
		raw, running := c.aws.EC2API.Instances.Load(id)
		if !running {
			return false
		}
		instance := raw.(ec2types.Instance)
		tags := lo.SliceToMap(instance.Tags, func(tag ec2types.Tag) (string, string) { return *tag.Key, *tag.Value })
		matches := lo.EveryBy(lo.Keys(stack.Drill.Tags), func(key string) bool { return tags[key] == stack.Drill.Tags[key] })
		return instance.InstanceLifecycle == ec2types.InstanceLifecycleTypeSpot && matches
	})
}
