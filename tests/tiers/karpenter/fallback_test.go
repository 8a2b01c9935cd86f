package karpenter

import (
	"slices"
	"testing"

	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	awsv1 "github.com/aws/karpenter-provider-aws/pkg/apis/v1"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
)

// prices are spot prices as parts of the on-demand price.
type prices struct{ arm, amd float64 }

// The fallback order must not depend on prices. Graviton is about 20 % below x86 on demand.
var scenarios = map[string]prices{
	"arm spot is cheaper":     {arm: 0.40, amd: 0.40},
	"x86 spot is in a trough": {arm: 0.60, amd: 0.25},
}

var usual = scenarios["arm spot is cheaper"]

// TestExecutorsFallBackInOrder: the NodePools that take a team's executors, one after the other as
// EC2 runs dry, are its own four in the promised order; then the pods stay pending.
func TestExecutorsFallBackInOrder(t *testing.T) {
	for _, team := range lo.UniqBy(stack.Teams, func(one team) string { return one.Pool }) {
		for name, spot := range scenarios {
			t.Run(team.Pool+"/"+name, func(t *testing.T) {
				c := newCluster(t, spot)
				c.create(team.Executor, 3)
				if got := c.fallBack(); !slices.Equal(got, team.Fallback) {
					t.Errorf("the fallback order is\n  %v, promised is\n  %v", got, team.Fallback)
				}
			})
		}
	}
}

// TestDriversGetTheirOwnPoolOnly: on demand, and no other pool takes over when it runs dry.
func TestDriversGetTheirOwnPoolOnly(t *testing.T) {
	for _, team := range lo.UniqBy(stack.Teams, func(one team) string { return one.Drivers }) {
		t.Run(team.Drivers, func(t *testing.T) {
			c := newCluster(t, usual)
			c.create(team.Driver, 1)
			want := []nodePool{{team.Drivers, "arm64", "on-demand"}, {team.Drivers, "amd64", "on-demand"}}
			if got := c.fallBack(); !slices.Equal(got, want) {
				t.Errorf("drivers got %v, promised is %v", got, want)
			}
		})
	}
}

// TestAPodWithoutTolerationsGetsNoNode: nothing of Spark's is launched for it.
func TestAPodWithoutTolerationsGetsNoNode(t *testing.T) {
	c := newCluster(t, usual)
	c.create(stack.Teams[0].Stranger, 1)
	if got := c.fallBack(); len(got) > 0 {
		t.Errorf("a pod that tolerates nothing got %v", got)
	}
	if c.pending == "" {
		t.Error("Karpenter did not look at the pod")
	}
}

// TestALimitStopsTheNodePoolAndNotThePlatform: a full NodePool hands over to the next; when all are
// full, only that pool's pods wait.
func TestALimitStopsTheNodePoolAndNotThePlatform(t *testing.T) {
	team := stack.Teams[0]
	c := newCluster(t, usual)
	for _, pool := range team.Fallback {
		c.limitToOneNode(pool.Name)
	}
	alone := apart(team.Executor)
	for _, want := range team.Fallback {
		c.create(alone, 1)
		if got := nodePoolOf(c.launchOne()); got != want {
			t.Fatalf("got %s, promised is %s", got, want)
		}
	}
	c.create(alone, 1)
	if launched := c.launch(); len(launched) > 0 {
		t.Errorf("over all limits: %s", nodePoolOf(launched[0]))
	}
	t.Logf("pending: %s", c.pending)

	c.create(team.Driver, 1)
	if got := nodePoolOf(c.launchOne()); got.Name != team.Drivers {
		t.Errorf("drivers got %s while a pool was full", got)
	}
	for _, other := range stack.Teams {
		if other.Pool != team.Pool {
			c.create(other.Executor, 1)
			if got := nodePoolOf(c.launchOne()); got != other.Fallback[0] {
				t.Errorf("pool %s got %s while %s was full", other.Pool, got, team.Pool)
			}
		}
	}
}

// TestExecutorsStayInTheZonesOfTheirPool: in every step of the fallback order.
func TestExecutorsStayInTheZonesOfTheirPool(t *testing.T) {
	team := stack.Teams[0]
	c := newCluster(t, usual)
	c.create(team.Executor, 3)
	for _, pool := range team.Fallback {
		launched := c.launch()
		if len(launched) == 0 {
			t.Fatalf("%s launched nothing: %s", pool, c.pending)
		}
		for _, claim := range launched {
			zone := claim.Labels[corev1.LabelTopologyZone]
			if len(stack.Zones) > 0 && !slices.Contains(stack.Zones, zone) {
				t.Errorf("%s is in %s, promised is %v", nodePoolOf(claim), zone, stack.Zones)
			}
			if !slices.Contains(zones, zone) {
				t.Errorf("%s is in no zone of the network: %q", nodePoolOf(claim), zone)
			}
		}
		c.exhaust(pool.Arch, pool.Capacity)
		for _, claim := range launched {
			c.remove(claim)
		}
	}
}

// limitToOneNode bounds a NodePool's CPU, until the test ends, to that of its smallest instance.
func (c *cluster) limitToOneNode(name string) {
	pool := &karpv1.NodePool{}
	c.must(kube.Client.Get(c.ctx, client.ObjectKey{Name: name}, pool))
	least := int32(0)
	for _, requirement := range pool.Spec.Template.Spec.Requirements {
		if requirement.Key == awsv1.LabelInstanceSize {
			least = lo.Min(lo.Map(requirement.Values, func(size string, _ int) int32 { return sizes[size] }))
		}
	}
	limits := pool.DeepCopy().Spec.Limits
	c.patch(pool, func() { pool.Spec.Limits["cpu"] = *resource.NewQuantity(int64(least), resource.DecimalSI) })
	c.t.Cleanup(func() { c.patch(pool, func() { pool.Spec.Limits = limits }) })
}

// fallBack launches, lets run dry what was launched, and repeats until the pods stay pending. The
// launched nodes are taken away each time, so that every NodePool is tried with the same pods.
func (c *cluster) fallBack() []nodePool {
	var got []nodePool
	for range 12 {
		launched := c.launch()
		if len(launched) == 0 {
			c.t.Logf("%d: none, pods stay pending: %s", len(got)+1, c.pending)
			return got
		}
		for _, claim := range lo.UniqBy(launched, nodePoolOf) {
			pool := nodePoolOf(claim)
			got = append(got, pool)
			c.exhaust(pool.Arch, pool.Capacity)
			c.t.Logf("%d: %s, %s, after %d refused launches", len(got), pool, instanceTypeOf(claim), c.refused)
		}
		for _, claim := range launched {
			c.remove(claim)
		}
	}
	c.t.Fatalf("it does not end: %v", got)
	return nil
}
