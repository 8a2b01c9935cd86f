package karpenter

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
)

// TestALimitStopsTheRungAndNotThePlatform: a full rung hands over to the next; when all are full,
// only that pool's pods wait.
func TestALimitStopsTheRungAndNotThePlatform(t *testing.T) {
	team := stack.Teams[0]
	c := newCluster(t, usual)
	for _, r := range team.Ladder {
		c.limit(r.NodePool, smallestCPU(c, r.NodePool))
	}
	alone := apart(team.Executor)
	for _, want := range team.Ladder {
		c.create(alone, 1)
		if got, _ := c.kept(); got != want {
			t.Fatalf("got %s, promised is %s", got, want)
		}
	}
	c.create(alone, 1)
	if launched, _ := c.launch(); len(launched) > 0 {
		t.Errorf("over all limits: %s", rungOf(launched[0]))
	}
	t.Logf("pending: %s", c.pending)

	c.create(team.Driver, 1)
	if got, _ := c.kept(); got.NodePool != team.Drivers {
		t.Errorf("drivers got %s while a pool was full", got)
	}
	for _, other := range stack.Teams {
		if other.Pool != team.Pool {
			c.create(other.Executor, 1)
			if got, _ := c.kept(); got != other.Ladder[0] {
				t.Errorf("pool %s got %s while %s was full", other.Pool, got, team.Pool)
			}
		}
	}
}

// kept launches one node and keeps it.
func (c *cluster) kept() (rung, int) {
	c.t.Helper()
	claim, refused := c.launchOne()
	return rungOf(claim), refused
}

func (c *cluster) launchOne() (*karpv1.NodeClaim, int) {
	c.t.Helper()
	launched, refused := c.launch()
	if len(launched) != 1 {
		c.t.Fatalf("%d launches, wanted is one; pending: %s", len(launched), c.pending)
	}
	return launched[0], refused
}

// limit bounds a NodePool's CPU until the test ends.
func (c *cluster) limit(name string, cpu resource.Quantity) {
	pool := &karpv1.NodePool{}
	c.must(kube.Client.Get(c.ctx, client.ObjectKey{Name: name}, pool))
	stored := pool.DeepCopy()
	pool.Spec.Limits["cpu"] = cpu
	c.must(kube.Client.Patch(c.ctx, pool, client.MergeFrom(stored)))
	c.t.Cleanup(func() {
		before := pool.DeepCopy()
		pool.Spec.Limits = stored.Spec.Limits
		c.must(kube.Client.Patch(c.ctx, pool, client.MergeFrom(before)))
	})
}
